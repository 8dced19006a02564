//! `validate-interfaces`: which NICs the machine has, and for which of them ports are created.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{AddPorts, Change, Context, Findings, Hook};
use crate::{
    inventory::{Body, Interface},
    mac::MacAddress,
    node::JsonMap,
};

pub(super) const HOOK: Hook =
    Hook { name: "validate-interfaces", requires: &[], preprocess: Some(preprocess), main: Some(main) };

/// An interface that has a name and a MAC address.
#[derive(Debug)]
pub(super) struct Nic {
    pub name: String,
    pub mac: MacAddress,
    pub client_id: Option<String>,
    /// The addresses that it had in the ramdisk, the older family first.
    pub ips: Vec<IpAddr>,
    /// Whether `add_ports` selects it.
    pub valid: bool,
    /// The interface as posted, with `pxe_enabled`, its MAC address normalised, its IPv6 address without scope.
    record: JsonMap,
}

fn preprocess(context: &Context<'_>, findings: &mut Findings) -> Result<(), String> {
    let view = &context.body.view;
    let boot_mac = view.boot.pxe_mac.filter(|boot| view.macs().any(|mac| mac == *boot));
    let add_ports = context.options.add_ports;
    findings.boot_mac = boot_mac;
    findings.nics = nics(context.body, |interface| is_valid(interface, add_ports, boot_mac));
    if findings.nics.is_empty() {
        return Err("no interface of the inventory has both a name and a valid MAC address".to_owned());
    }
    if !findings.nics.iter().any(|nic| nic.valid) {
        return Err(format!("no network interfaces match the configuration (add_ports set to \"{add_ports}\")"));
    }
    Ok(())
}

/// Every named interface with a MAC address; the first one, where several share an address.
fn nics(body: &Body, is_valid: impl Fn(&Interface) -> bool) -> Vec<Nic> {
    let posted = body.inventory.get("interfaces").and_then(Value::as_array);
    let mut nics: Vec<Nic> = Vec::new();
    for (interface, record) in body.view.interfaces.iter().zip(posted.into_iter().flatten()) {
        let (Some(name), Some(mac), Some(record)) = (&interface.name, interface.mac, record.as_object()) else {
            continue;
        };
        if nics.iter().all(|nic| nic.mac != mac) {
            nics.push(Nic {
                name: name.clone(),
                mac,
                client_id: interface.client_id.clone(),
                ips: interface.ipv4.into_iter().chain(interface.ipv6).collect(),
                valid: is_valid(interface),
                record: normalised(record.clone(), mac, body.view.boot.pxe_mac),
            });
        }
    }
    nics
}

fn normalised(mut record: JsonMap, mac: MacAddress, boot_mac: Option<MacAddress>) -> JsonMap {
    let ipv6 = record.get("ipv6_address").and_then(Value::as_str).and_then(|text| text.split('%').next());
    let ipv6 = json!(ipv6);
    record.insert("mac_address".to_owned(), json!(mac));
    record.insert("ipv6_address".to_owned(), ipv6);
    record.insert("pxe_enabled".to_owned(), json!(boot_mac == Some(mac)));
    record
}

fn is_valid(interface: &Interface, add_ports: AddPorts, boot_mac: Option<MacAddress>) -> bool {
    let is_local = interface.name.as_deref() == Some("lo") || interface.ip().is_some_and(|ip| ip.is_loopback());
    let is_selected = match (add_ports, boot_mac) {
        (AddPorts::Pxe, Some(boot_mac)) => interface.mac == Some(boot_mac),
        (AddPorts::Active, _) => interface.ip().is_some(),
        (AddPorts::All | AddPorts::Disabled | AddPorts::Pxe, _) => true,
    };
    is_selected && !is_local
}

fn main(context: &Context<'_>, findings: &Findings) -> Result<Vec<Change>, String> {
    let records = |nics: &mut dyn Iterator<Item = &Nic>| -> Value {
        nics.map(|nic| (nic.name.clone(), Value::Object(nic.record.clone()))).collect::<JsonMap>().into()
    };
    let valid = || findings.nics.iter().filter(|nic| nic.valid);
    let mut changes = vec![
        Change::SetPluginData { key: "all_interfaces", value: records(&mut findings.nics.iter()) },
        Change::SetPluginData { key: "valid_interfaces", value: records(&mut valid()) },
        Change::SetPluginData { key: "macs", value: valid().map(|nic| json!(nic.mac)).collect() },
    ];
    if context.options.add_ports == AddPorts::Pxe && findings.boot_mac.is_none() {
        let text =
            "the ramdisk does not know which NIC it was booted over: each one gets a port, all of them pxe_enabled";
        changes.push(Change::Warn(text.to_owned()));
    }
    Ok(changes)
}
