//! The networks of the lab's Neutron, each a VLAN of the lab's switch.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::settings::Place;
use super::{INSPECTION_NETWORK, NETWORK, TENANT_TAG, openstack::Session};
use crate::interrupt::wait_for;
use crate::lab::{INSPECTION_TAG, Lab, switch};

struct Network {
    name: &'static str,
    vlan: u16,
    /// Each network that has it costs the agent seconds at its start.
    dhcp: bool,
}

/// The subnets are `172.22.<vlan>.0/24`: that of the inspection network holds the address at which Assay serves.
const NETWORKS: &[Network] = &[
    Network { name: INSPECTION_NETWORK, vlan: INSPECTION_TAG, dhcp: true },
    Network { name: "tenant", vlan: TENANT_TAG, dhcp: false },
    Network { name: "twice", vlan: 201, dhcp: false },
    Network { name: "twice", vlan: 202, dhcp: false },
];
/// What the switch agent gives to a port that it can't wire.
const DEAD_VLAN: u16 = 4095;

/// The networks' names, for people.
pub fn names() -> String {
    let names: Vec<String> = NETWORKS.iter().map(|network| format!("{} ({})", network.name, network.vlan)).collect();
    names.join(", ")
}

/// Makes the networks, as soon as the agents have reported: a DHCP port that is made before stays unbound for ever.
pub fn make(session: &Session) -> Result<Value> {
    wait_for("Neutron's agents", Duration::from_secs(120), || {
        let agents = session.get(&format!("{NETWORK}/v2.0/agents?alive=true"))?;
        Ok(agents["agents"].as_array().filter(|agents| agents.len() >= 2).map(drop))
    })?;
    let mut made = Map::new();
    for network in NETWORKS {
        made.insert(network.name.to_owned(), one(session, network)?);
    }
    Ok(Value::Object(made))
}

fn one(session: &Session, network: &Network) -> Result<Value> {
    let Network { name, vlan, dhcp } = network;
    let values = json!({"name": name, "provider:network_type": "vlan", "provider:physical_network": "physnet1",
        "provider:segmentation_id": vlan, "port_security_enabled": false});
    let made = session.create(&format!("{NETWORK}/v2.0/networks"), "network", &values)?;
    let third = vlan % 256;
    let values = json!({"name": name, "network_id": made["id"], "ip_version": 4, "cidr": format!("172.22.{third}.0/24"),
        "gateway_ip": null, "enable_dhcp": dhcp,
        "allocation_pools": [{"start": format!("172.22.{third}.100"), "end": format!("172.22.{third}.200")}]});
    let subnet = session.create(&format!("{NETWORK}/v2.0/subnets"), "subnet", &values)?;
    Ok(json!({"id": made["id"], "vlan": vlan, "subnet_id": subnet["id"], "cidr": subnet["cidr"], "dhcp": dhcp}))
}

/// Waits until the DHCP server of every network that has one runs, on a port that is wired to its VLAN.
pub fn wait_for_dhcp(lab: &Lab, place: &Place, session: &Session) -> Result<()> {
    let wanted = NETWORKS.iter().filter(|network| network.dhcp).count();
    wait_for("Neutron's DHCP servers", Duration::from_secs(120), || {
        let ports = session.get(&format!("{NETWORK}/v2.0/ports?device_owner=network:dhcp&status=ACTIVE"))?;
        let ports = ports["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut serving = 0;
        for port in ports {
            serving += usize::from(serves(lab, place, port)?);
        }
        Ok((serving >= wanted).then_some(()))
    })
}

fn serves(lab: &Lab, place: &Place, port: &Value) -> Result<bool> {
    let field = |name: &str| port[name].as_str().with_context(|| format!("a port without {name}"));
    let started = place.folder.join("state/dhcp").join(field("network_id")?).join("pid").exists();
    let tap = format!("tap{}", field("id")?.get(..11).context("a short port id")?);
    let tag = switch::tag(lab, &tap).ok().flatten();
    Ok(started && tag.is_some_and(|tag| tag != DEAD_VLAN))
}
