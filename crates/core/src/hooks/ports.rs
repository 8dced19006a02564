//! `ports`: a port for each valid NIC, and ports without a NIC as `keep_ports` says.

use serde_json::json;

use super::{AddPorts, Change, Context, Findings, Hook, KeepPorts, validate_interfaces::Nic};
use crate::{node::JsonMap, port::Port};

pub(super) const HOOK: Hook =
    Hook { name: "ports", requires: &["validate-interfaces"], preprocess: Some(preprocess), main: Some(main) };

fn preprocess(context: &Context<'_>, findings: &mut Findings) -> Result<(), String> {
    let is_new = |nic: &&Nic| context.view.ports.iter().all(|port| port.address != nic.mac);
    if context.options.add_ports != AddPorts::Disabled {
        findings.new_ports = findings.nics.iter().filter(|nic| nic.valid).filter(is_new).map(|nic| nic.mac).collect();
    }
    Ok(())
}

fn main(context: &Context<'_>, findings: &Findings) -> Result<Vec<Change>, String> {
    let ports = context.view.ports;
    let new = findings.nics.iter().filter(|nic| findings.new_ports.contains(&nic.mac));
    let mut changes: Vec<_> = new.map(|nic| create(nic, findings)).collect();
    for port in ports {
        if stays(port, findings, context.options.keep_ports) {
            changes.extend(follow_boot(port, findings).filter(|_| context.options.update_pxe_enabled));
        } else {
            changes.push(Change::DeletePort { port: port.id, address: port.address });
        }
    }
    Ok(changes)
}

/// Without a known boot NIC the port gets the API's default, so that the node can still be booted
/// over the network; upstream creates ports that can't.
fn create(nic: &Nic, findings: &Findings) -> Change {
    let client_id = nic.client_id.iter().map(|id| ("client-id".to_owned(), json!(id)));
    Change::CreatePort {
        address: nic.mac,
        pxe_enabled: findings.boot_mac.is_none_or(|boot_mac| boot_mac == nic.mac),
        extra: client_id.collect::<JsonMap>(),
    }
}

fn stays(port: &Port, findings: &Findings, keep_ports: KeepPorts) -> bool {
    match keep_ports {
        KeepPorts::All => true,
        KeepPorts::Present => findings.nics.iter().any(|nic| nic.mac == port.address),
        KeepPorts::Added => findings.nics.iter().any(|nic| nic.mac == port.address && nic.valid),
    }
}

/// Sets `pxe_enabled` as the ramdisk was booted. When that is not known, what the operator set stays.
fn follow_boot(port: &Port, findings: &Findings) -> Option<Change> {
    let pxe_enabled = findings.boot_mac? == port.address;
    (pxe_enabled != port.pxe_enabled).then_some(Change::SetPortPxeEnabled {
        port: port.id,
        address: port.address,
        pxe_enabled,
    })
}
