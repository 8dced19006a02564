//! What binding does: a port of a machine is set on its switch, one of a virtual machine is left to
//! the agent of its host.

use std::{collections::BTreeMap, time::Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::port::Port;
use crate::cloud::{
    neutron::problem::Problem,
    setup::{CloudSetup, FakeSwitch},
};

/// The VLAN of each switch port. A switch knows nothing of Neutron's ports: the last to set it wins,
/// and who clears it clears what another has set.
#[derive(Default)]
pub(super) struct Switches(BTreeMap<String, u16>);

impl Switches {
    pub(super) fn vlan(&self, port: &str) -> Option<u16> {
        self.0.get(port).copied()
    }

    fn set(&mut self, port: &Port, vlan: u16) {
        let names = port.links().filter_map(|link| link["port_id"].as_str());
        self.0.extend(names.map(|name| (name.to_owned(), vlan)));
    }

    fn clear(&mut self, port: &Port) {
        for name in port.links().filter_map(|link| link["port_id"].as_str()) {
            self.0.remove(name);
        }
    }
}

/// Binds a port where its attributes say. That it can't be bound is no error, but seen in its
/// `vif_type`; a switch that does not answer is one.
pub(super) fn bind(setup: &CloudSetup, switches: &mut Switches, port: &mut Port) -> Result<(), Problem> {
    if port.text("binding:host_id").is_empty() {
        return Ok(());
    }
    if matches!(port.text("binding:vnic_type"), "baremetal") {
        match switch_of(setup, port) {
            Some(switch) if switch.alive => {
                switches.set(port, vlan(setup, port));
                bound(setup, port, "other", "genericswitch");
            }
            Some(_) => return Err(unreachable()),
            None => failed(port),
        }
    } else if setup.agents.iter().any(|(host, alive)| *alive && host == port.text("binding:host_id")) {
        bound(setup, port, "ovs", "openvswitch");
    } else {
        failed(port);
    }
    Ok(())
}

/// Clears the switch ports that a port is on, if any.
pub(super) fn leave(switches: &mut Switches, port: &Port) {
    if port.text("binding:vif_type") == "other" {
        switches.clear(port);
    }
}

/// Says of a port that it is not bound.
pub(super) fn reset(port: &mut Port) {
    port.active_at = None;
    port.set("binding:vif_type", json!("unbound"));
    port.set("binding:vif_details", json!({}));
}

fn bound(setup: &CloudSetup, port: &mut Port, vif: &str, driver: &str) {
    port.active_at = Some(Instant::now() + setup.binding);
    port.set("binding:vif_type", json!(vif));
    port.set("binding:vif_details", json!({"bound_drivers": {"0": driver}}));
    port.touch();
    port.touch();
}

fn failed(port: &mut Port) {
    port.set("binding:vif_type", json!("binding_failed"));
    port.touch();
    port.touch();
}

/// The switch of the first link: by its name or, without one, by its id.
fn switch_of<'a>(setup: &'a CloudSetup, port: &Port) -> Option<&'a FakeSwitch> {
    let link = port.links().next()?;
    setup.switches.iter().find(|switch| match &link["switch_info"] {
        Value::String(info) if !info.is_empty() => *info == switch.info,
        _ => link["switch_id"] == switch.id.as_str(),
    })
}

fn vlan(setup: &CloudSetup, port: &Port) -> u16 {
    let network = setup.networks.iter().find(|network| network.id.to_string() == port.text("network_id"));
    network.map_or(0, |network| network.vlan)
}

fn unreachable() -> Problem {
    let message = "Failed to connect to Netmiko switch. Please contact your administrator.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "GenericSwitchNetmikoConnectError", message)
}
