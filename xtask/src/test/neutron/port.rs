//! The cloud of the lab on its own: a port that is bound moves the switch's port, its DHCP options arrive, and it is undone.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cloud::Cloud;
use crate::interrupt::wait_for;
use crate::lab::neutron::{DEAD_SWITCH, DEAD_SWITCH_ID, INSPECTION_NETWORK, Stack, TENANT_TAG, local_link};
use crate::lab::{INSPECTION, INSPECTION_TAG, segment};
use crate::test::findings::Findings;
use crate::ui;

/// How long Neutron may take to tell its DHCP server of a change.
const DHCP: Duration = Duration::from_secs(120);

pub fn life_of_a_port(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    let (lab, stack) = (cloud.lab, &cloud.stack);
    segment::plug(lab, TENANT_TAG)?;
    let (session, mac) = (&stack.session, "52:54:00:ab:00:77");
    findings.equal("ports at first", &stack.ports()?.len(), &0);
    findings.equal("the machine's VLAN", &stack.tag("node1")?, &Some(TENANT_TAG));
    findings.expect("no address in the tenant's VLAN", segment::lease(lab, mac)?.is_none());

    let began = Instant::now();
    let made = session.create_port(&wanted(stack, mac, &local_link(segment::INTERFACE)))?;
    let creation = began.elapsed();
    findings.equal("how Neutron bound it", &made["binding:vif_type"].as_str(), &Some("other"));
    findings.works("the VLAN follows", reaches(stack, INSPECTION_TAG));
    let lease = wait_for("an address with DHCP options", DHCP, || segment::lease(lab, mac));
    let lease = findings.works("an address", lease).unwrap_or_default();
    findings.equal(
        "the leased address",
        &lease.get("ip").map(String::as_str),
        &made["fixed_ips"][0]["ip_address"].as_str(),
    );
    findings.equal("the boot file", &lease.get("bootfile").map(String::as_str), &Some("snponly.efi"));
    findings.equal("the TFTP server", &lease.get("tftp").map(String::as_str), &Some(INSPECTION));

    let began = Instant::now();
    session.delete_port(made["id"].as_str().context("a port without an id")?)?;
    ui::say(&format!("    Neutron alone: create {}, delete {}", ui::seconds(creation), ui::seconds(began.elapsed())));
    findings.works("the VLAN goes back", reaches(stack, TENANT_TAG));
    segment::plug(lab, INSPECTION_TAG)?;
    let gone = || Ok(segment::lease(lab, mac)?.is_none().then_some(()));
    findings.works("no address any more", wait_for("the end of the lease", DHCP, gone));
    findings.equal("ports at the end", &stack.ports()?.len(), &0);

    let dead = json!({"switch_id": DEAD_SWITCH_ID, "switch_info": DEAD_SWITCH, "port_id": "node1"});
    findings.expect("a dead switch is an error", session.create_port(&wanted(stack, mac, &dead)).is_err());
    findings.equal("ports after that error", &stack.ports()?.len(), &0);
    Ok(())
}

fn reaches(stack: &Stack, vlan: u16) -> Result<()> {
    wait_for(&format!("VLAN {vlan} on the switch's port"), Duration::from_secs(20), || {
        Ok((stack.tag(segment::INTERFACE)? == Some(vlan)).then_some(()))
    })
}

/// A port in the inspection network, as Assay asks for it.
fn wanted(stack: &Stack, mac: &str, link: &Value) -> Value {
    const NODE: &str = "7a1d9b0e-0000-4000-8000-000000000001";
    let option = |name: &str, value: &str| json!({"opt_name": name, "opt_value": value, "ip_version": 4});
    json!({
        "network_id": stack.facts["networks"][INSPECTION_NETWORK]["id"], "mac_address": mac, "admin_state_up": true,
        "device_owner": "baremetal:none", "device_id": NODE, "binding:host_id": NODE, "binding:vnic_type": "baremetal",
        "binding:profile": {"local_link_information": [link]},
        "extra_dhcp_opts": [option("67", "snponly.efi"), option("66", INSPECTION)],
    })
}
