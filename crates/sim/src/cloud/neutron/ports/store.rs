//! All ports and the switches that they are on.

use serde_json::Value;

use super::{
    binding::{self, Switches},
    policy,
    port::Port,
};
use crate::cloud::neutron::{caller::Caller, problem::Problem};

/// All ports, and what the switches are set to.
#[derive(Default)]
pub(in crate::cloud) struct Ports {
    pub(super) ports: Vec<Port>,
    pub(super) switches: Switches,
}

impl Ports {
    /// All of them, with all that there is to see.
    pub(in crate::cloud) fn all(&self) -> Vec<Value> {
        self.ports.iter().map(Port::shown).collect()
    }

    /// The VLAN of a switch port.
    pub(in crate::cloud) fn switch(&self, port: &str) -> Option<u16> {
        self.switches.vlan(port)
    }

    /// Those that the caller may see, as it may see them.
    pub(super) fn visible(&self, caller: &Caller) -> Vec<Value> {
        let visible = self.ports.iter().filter(|port| caller.sees(port.text("project_id")));
        visible.map(|port| port.shown_to(caller)).collect()
    }

    /// The port with this id, if the caller may know of it.
    pub(super) fn find(&self, caller: &Caller, id: &str) -> Result<&Port, Problem> {
        Ok(&self.ports[self.position(caller, id)?])
    }

    /// Its place.
    pub(super) fn position(&self, caller: &Caller, id: &str) -> Result<usize, Problem> {
        let wanted = |port: &Port| port.text("id") == id && caller.sees(port.text("project_id"));
        self.ports.iter().position(wanted).ok_or_else(|| Problem::absent("PortNotFound", "Port", id))
    }

    /// `DELETE /v2.0/ports/{id}`.
    pub(super) fn delete(&mut self, caller: &Caller, id: &str) -> Result<(), Problem> {
        self.position(caller, id)?;
        policy::may_delete(caller)?;
        self.remove(id);
        Ok(())
    }

    /// Removes a port, if it is there, and clears its switch ports.
    pub(in crate::cloud) fn remove(&mut self, id: &str) {
        if let Some(at) = self.ports.iter().position(|port| port.text("id") == id) {
            binding::leave(&mut self.switches, &self.ports.remove(at));
        }
    }

    /// Refuses a MAC address that another port of the network has.
    pub(super) fn check_mac(&self, network: &str, mac: &str) -> Result<(), Problem> {
        let same = |port: &Port| port.text("network_id") == network && port.text("mac_address") == mac;
        if !self.ports.iter().any(same) {
            return Ok(());
        }
        let message = format!("Unable to complete operation for network {network}. The mac address {mac} is in use.");
        Err(Problem::conflict("MacAddressInUse", message))
    }
}
