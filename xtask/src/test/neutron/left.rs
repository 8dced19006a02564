//! Where a node's ports are: isolated while its run waits, and put back after it. Asked of the switch, of Neutron, of its DHCP
//! agent and of the BMC.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::node::Node;
use crate::interrupt::wait_for;
use crate::lab::neutron::TENANT_TAG;
use crate::lab::{INSPECTION_TAG, power};
use crate::test::findings::Findings;

/// How long Neutron may take to tell its DHCP server of a change.
const DHCP: Duration = Duration::from_secs(120);

/// The node's ports are in the inspection network; gives the addresses that Neutron has for them.
pub fn isolated(node: &Node, findings: &mut Findings) -> Result<Vec<String>> {
    let name = &node.name;
    let ports = neutron_ports(node)?;
    findings.equal(&format!("{name}: Neutron's ports for it"), &ports.len(), &node.nics.len());
    for nic in &node.nics {
        let vlan = node.cloud.stack.tag(&nic.port)?;
        findings.equal(&format!("{name}: the VLAN of {} while it waits", nic.port), &vlan, &Some(INSPECTION_TAG));
        findings.works(&format!("{name}: its DHCP host"), dhcp_knows(node, &nic.mac, true));
    }
    for port in &ports {
        let (bound, mark) = (port["binding:vif_type"].as_str(), port["name"].as_str().unwrap_or_default());
        findings.equal(&format!("{name}: how Neutron bound its port"), &bound, &Some("other"));
        findings.expect(&format!("{name}: its Neutron port {mark:?} carries our mark"), is_our_mark(mark));
    }
    Ok(addresses(&ports))
}

/// The addresses of these Neutron ports.
fn addresses(ports: &[Value]) -> Vec<String> {
    let first = |port: &Value| port["fixed_ips"][0]["ip_address"].as_str().unwrap_or_default().to_owned();
    ports.iter().map(first).collect()
}

/// Neutron's ports with a MAC of the node.
pub fn neutron_ports(node: &Node) -> Result<Vec<Value>> {
    let mut ports = node.cloud.stack.ports()?;
    ports.retain(|port| node.nics.iter().any(|nic| port["mac_address"] == nic.mac.as_str()));
    Ok(ports)
}

/// The address that Neutron has for the node's first NIC.
pub fn address(node: &Node) -> Result<String> {
    let mac = &node.nics.first().context("a node without a NIC")?.mac;
    let ports = neutron_ports(node)?;
    let port = ports.iter().find(|port| port["mac_address"] == mac.as_str()).context("its NIC has no Neutron port")?;
    Ok(port["fixed_ips"][0]["ip_address"].as_str().context("a Neutron port without an address")?.to_owned())
}

/// Whether this name is `assay:<instance>:<run>:<port>`.
fn is_our_mark(name: &str) -> bool {
    let parts: Vec<&str> = name.split(':').collect();
    let is_uuid = |text: &str| text.len() == 36 && text.matches('-').count() == 4;
    matches!(parts.as_slice(), ["assay", instance, run, port] if instance.len() == 8 && is_uuid(run) && is_uuid(port))
}

/// What the run changed is as it was.
pub fn nothing_left(node: &Node, findings: &mut Findings) -> Result<()> {
    nothing_left_in(node, TENANT_TAG, findings)
}

/// The same for a node whose ports belong into this VLAN.
pub fn nothing_left_in(node: &Node, vlan: u16, findings: &mut Findings) -> Result<()> {
    let name = &node.name;
    let ports: Vec<_> = neutron_ports(node)?.iter().map(|port| port["name"].to_string()).collect();
    findings.equal(&format!("{name}: ports left at Neutron"), &ports, &Vec::new());
    for nic in &node.nics {
        let now = node.cloud.stack.tag(&nic.port)?;
        findings.equal(&format!("{name}: the VLAN of {} at the end", nic.port), &now, &Some(vlan));
        findings.works(&format!("{name}: gone from the DHCP server"), dhcp_knows(node, &nic.mac, false));
    }
    at_the_bmc(node, findings)
}

fn at_the_bmc(node: &Node, findings: &mut Findings) -> Result<()> {
    let (Some(machine), name, lab) = (node.machine, &node.name, node.cloud.lab) else { return Ok(()) };
    findings.equal(&format!("{name}: power at the BMC"), &power::state(lab, machine)?.as_str(), &"Off");
    let target = power::boot_target(lab, machine)?;
    findings.expect(&format!("{name}: a boot override at the BMC, {target}"), target != "Pxe" && target != "Cd");
    findings.expect(&format!("{name}: a disc in its drive"), !power::holds_disc(lab, machine)?);
    Ok(())
}

/// Neutron tells its DHCP server a moment later.
fn dhcp_knows(node: &Node, mac: &str, wanted: bool) -> Result<()> {
    let what = format!("{mac} {} the DHCP server's hosts", if wanted { "among" } else { "not among" });
    wait_for(&what, DHCP, || Ok((node.cloud.stack.dhcp_hosts()?.contains(mac) == wanted).then_some(())))
}

#[cfg(test)]
mod tests {
    use super::is_our_mark;

    #[test]
    fn a_mark_names_instance_run_and_port() {
        let uuid = "7a1d9b0e-0000-4000-8000-000000000001";
        assert!(is_our_mark(&format!("assay:0a1b2c3d:{uuid}:{uuid}")));
        for other in ["", "assay", &format!("assay:0a1b2c3d:{uuid}"), &format!("ironic:0a1b2c3d:{uuid}:{uuid}")] {
            assert!(!is_our_mark(other), "{other}");
        }
    }
}
