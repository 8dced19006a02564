//! `local-link-connection`: where the ports are plugged in, by what their switches told.
//!
//! **Invariant:** a link that says where the port is, or that it is not managed, is left as it is; and what is filled
//! in is a link that Neutron can use: switch and port both. (Ironic completes each key by itself, which can make one
//! link of two.)

use serde_json::{Value, json};

use super::{
    Change, Context, Findings, Hook,
    heard::{Heard, heard, told},
    validate_interfaces::Nic,
};
use crate::{
    lldp::{self, Identifier, Information},
    local_link::normalise_local_link,
    node::JsonMap,
    port::Port,
};

pub(super) const HOOK: Hook =
    Hook { name: "local-link-connection", requires: &["validate-interfaces"], preprocess: None, main: Some(main) };

/// The keys that say where a port is.
const PLACE: [&str; 2] = ["switch_id", "port_id"];

fn main(context: &Context<'_>, findings: &Findings) -> Result<Vec<Change>, String> {
    let heard: Vec<Heard<'_>> = heard(context.body).collect();
    let mut changes = Vec::new();
    let mut deaf = Vec::new();
    for (nic, port) in findings.nics_with_ports(context.view.ports) {
        let link = port.map(|port| port.local_link_connection.clone()).unwrap_or_default();
        let is_open = PLACE.iter().all(|key| !link.contains_key(*key));
        if is_no_switch_port(port, &link) {
            continue;
        }
        match heard.iter().find(|heard| heard.mac == Some(nic.mac)).map(found) {
            Some(Ok(found)) if is_open => changes.push(fill(nic, link, found)),
            Some(Ok(found)) => changes.extend(compare(nic, &link, &found)),
            Some(Err(why)) if is_open => changes.push(unusable(nic, &why)),
            None if is_open => deaf.push(nic.name.as_str()),
            _ => {}
        }
    }
    changes.extend(nothing_heard(&deaf));
    Ok(changes)
}

/// A smart NIC's port is its own host's, and an unmanaged link is nobody's to bind.
fn is_no_switch_port(port: Option<&Port>, link: &JsonMap) -> bool {
    let is_unmanaged = link.get("network_type").is_some_and(|kind| kind == "unmanaged");
    is_unmanaged || link.contains_key("hostname") || port.is_some_and(|port| port.is_smartnic)
}

/// The link that a switch's TLVs describe: the first ones, where there are several.
fn found(heard: &Heard<'_>) -> Result<JsonMap, String> {
    let mut link = JsonMap::new();
    let mut faults = Vec::new();
    for tlv in lldp::read(heard.tlvs) {
        let (key, value) = match tlv {
            Ok(Information::ChassisId(id)) => ("switch_id", switch_id(&id)),
            Ok(Information::PortId(id)) => ("port_id", id.to_string()),
            Ok(Information::SystemName(name)) if !name.is_empty() => ("switch_info", name),
            Ok(_) => continue,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        link.entry(key).or_insert(json!(value));
    }
    if let Some(missing) = PLACE.iter().find(|key| !link.contains_key(**key)) {
        let faults = told(&faults).map(|faults| format!(": {faults}")).unwrap_or_default();
        return Err(format!("its switch tells no {missing}{faults}"));
    }
    let name = link["switch_id"].as_str().unwrap_or_default().to_owned();
    normalise_local_link(link)
        .map_err(|_| format!("its switch calls itself {name:?}, which is no MAC address or OpenFlow datapath id"))
}

/// OpenFlow controllers tell the datapath's id as a name.
fn switch_id(id: &Identifier) -> String {
    let name = id.to_string();
    name.strip_prefix("dpid:").map(str::to_owned).unwrap_or(name)
}

fn fill(nic: &Nic, mut link: JsonMap, found: JsonMap) -> Change {
    for (key, value) in found {
        link.entry(key).or_insert(value);
    }
    match normalise_local_link(link) {
        Ok(link) => Change::SetPortLocalLink { address: nic.mac, link },
        Err(wrong) => unusable(nic, &wrong.to_string()),
    }
}

/// Tells when the port is somewhere else than its link says.
fn compare(nic: &Nic, link: &JsonMap, found: &JsonMap) -> Option<Change> {
    let differs = PLACE.iter().any(|key| link.get(*key) != found.get(*key));
    differs.then(|| {
        Change::Warn(format!(
            "port {} is at {}, as its switch tells, and not at {}, as its local_link_connection says, which stays; \
             to have it filled in, remove it and inspect again",
            nic.mac,
            place(found),
            place(link)
        ))
    })
}

fn place(link: &JsonMap) -> String {
    let [switch, port] = PLACE.map(|key| link.get(key).and_then(Value::as_str).unwrap_or("-"));
    format!("{port} of {switch}")
}

fn unusable(nic: &Nic, why: &str) -> Change {
    Change::Warn(format!("local_link_connection of port {} ({}) is not filled in: {why}", nic.mac, nic.name))
}

fn nothing_heard(deaf: &[&str]) -> Option<Change> {
    const SHOWN: usize = 8;
    let more = if deaf.len() > SHOWN { format!(" and {} more", deaf.len() - SHOWN) } else { String::new() };
    (!deaf.is_empty()).then(|| {
        Change::Warn(format!(
            "no LLDP was heard on {}{more}: local_link_connection is not filled in. Does the switch send it, and was \
             the ramdisk booted with ipa-collect-lldp=1?",
            deaf[..deaf.len().min(SHOWN)].join(", ")
        ))
    })
}
