//! The network interfaces `flat` and `neutron`: a Neutron port on the inspection network for each of
//! a node's NICs.
//!
//! **Invariant:** nothing is changed at Neutron but ports that carry our mark, and every request ends
//! within its deadline.

mod attach;
mod client;
mod port;
mod resolve;
#[cfg(test)]
mod tests;
mod wait;

use std::{sync::Arc, time::Duration};

use assay_core::{
    boot::DhcpProvider,
    id::NodeId,
    node::Node,
    port::Port,
    run::{Mark, Vif, VifId},
};
use async_trait::async_trait;
use serde_json::Value;

pub use client::Neutron;
use port::Bond;
pub use resolve::Network;

use super::eligible::{Eligible, Wanted, eligible};
use crate::{
    error::DriverError,
    interface::{HeldPort, InspectionPorts, NetworkInterface, NewVif, Property, Task},
};

/// What the configuration says about Neutron, beside how it is reached: `[neutron]`.
#[derive(Clone, Debug)]
pub struct NeutronOptions {
    /// `inspection_network`: a name or a UUID.
    pub inspection_network: Option<String>,
    /// `inspection_network_security_groups`: names or UUIDs.
    pub security_groups: Vec<String>,
    /// `add_all_ports`: NICs that are not booted from are moved, too.
    pub add_all_ports: bool,
    /// `bind_port_groups`: the ports of a port group get one Neutron port.
    pub bind_port_groups: bool,
    /// `fail_on_port_binding_failure`, for the interface `neutron`.
    pub fail_on_port_binding_failure: bool,
    /// `dhcpv6_stateful_address_count`: how many addresses a NIC gets by stateful DHCPv6.
    pub dhcpv6_stateful_address_count: usize,
    /// `allow_disabling_power_off`: nodes that must not be powered off may change networks.
    pub allow_disabling_power_off: bool,
    /// `port_setup_delay`: how long the switch needs after it has moved a port.
    pub port_setup_delay: Duration,
    /// `[dhcp] dhcp_provider`; `None` leaves it to each network interface.
    pub dhcp: Option<DhcpProvider>,
}

/// How a node's NICs are kept apart from other networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// `flat`: the switch's ports stay on one network; Neutron only answers the NICs.
    Flat,
    /// `neutron`: the switch's ports are moved.
    Moved,
}

/// The network interface `flat` or `neutron`.
pub struct NeutronNetwork {
    /// Which of the two.
    pub isolation: Isolation,
    /// The options.
    pub options: NeutronOptions,
    /// Neutron; `None` if the configuration does not say how to reach it.
    pub neutron: Option<Arc<Neutron>>,
}

const NETWORK_KEY: &str = "inspection_network";
const BINDING_KEY: &str = "fail_on_binding_failure";

const PROPERTIES: &[Property] = &[
    (NETWORK_KEY, "UUID or name of the network to create inspection ports on. Optional."),
    (BINDING_KEY, "Whether an inspection fails when a port can't be bound, in place of what is configured. Optional."),
];

impl NeutronNetwork {
    fn neutron(&self) -> Result<&Neutron, DriverError> {
        self.neutron.as_deref().ok_or_else(|| {
            let text = "An inspection network is named, but [neutron] does not say how to reach Neutron: set auth_type and \
                        auth_url, or endpoint_override";
            DriverError::InvalidParameterValue(text.to_owned())
        })
    }

    /// The node's inspection network: its own wins over the configured one.
    async fn inspection_network(&self, node: &Node) -> Result<Arc<Network>, DriverError> {
        let name = match node.driver_info.get(NETWORK_KEY) {
            None | Some(Value::Null) => self.options.inspection_network.as_deref(),
            Some(Value::String(text)) => Some(text.trim()),
            Some(other) => {
                let text = format!("driver_info/{NETWORK_KEY} of node {} has to be a string, not {other}", node.id);
                return Err(DriverError::InvalidParameterValue(text));
            }
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let text = "UUID or name of inspection_network is not set in configuration or in node driver_info.";
            return Err(DriverError::MissingParameterValue(text.to_owned()));
        };
        self.neutron()?.network(name).await
    }

    fn eligible<'a>(&self, task: &'a Task, network: &Network) -> Result<Eligible<'a>, DriverError> {
        let link = self.isolation == Isolation::Moved;
        let wanted = Wanted {
            all: self.options.add_all_ports,
            link,
            bonds: self.options.bind_port_groups,
            physical_networks: &network.physical_networks,
        };
        eligible(task, wanted)
    }

    /// The group that is moved with this port.
    fn bond_of<'a>(&self, task: &'a Task, port: &Port) -> Option<Bond<'a>> {
        let id = port.portgroup_id.filter(|_| self.options.bind_port_groups)?;
        let group = task.portgroups.iter().find(|group| group.id == id)?;
        let members = task.ports.iter().filter(|port| port.portgroup_id == Some(id)).collect();
        Some(Bond { group, members })
    }

    /// Whether a port that the switch does not take ends the inspection.
    fn waits_for_binding(&self, task: &Task) -> bool {
        let by_default = self.isolation == Isolation::Moved && self.options.fail_on_port_binding_failure;
        let smart = task.ports.iter().any(|port| port.is_smartnic);
        match task.node.driver_info.get(BINDING_KEY) {
            Some(Value::Bool(own)) => *own,
            Some(Value::String(own)) => own.eq_ignore_ascii_case("true"),
            _ => by_default || smart,
        }
    }

    fn check_power(&self, node: &Node) -> Result<(), DriverError> {
        if self.isolation == Isolation::Moved && node.disable_power_off && !self.options.allow_disabling_power_off {
            return Err(DriverError::InvalidParameterValue(format!(
                "Node {} must not be powered off (disable_power_off), so that it would run while its NICs change \
                 networks; [neutron] allow_disabling_power_off permits that",
                node.id
            )));
        }
        Ok(())
    }
}

#[async_trait]
impl NetworkInterface for NeutronNetwork {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    async fn validate_inspection(&self, task: &Task) -> Result<InspectionPorts, DriverError> {
        let network = self.inspection_network(&task.node).await.map_err(DriverError::insufficient)?;
        self.check_power(&task.node)?;
        self.neutron()?.security_groups(&self.options.security_groups).await?;
        let Eligible { ports, left_out } = self.eligible(task, &network)?;
        let left_out = left_out.into_iter().map(|text| format!("not on the inspection network: {text}")).collect();
        Ok(InspectionPorts { ports: ports.into_iter().map(|port| port.id).collect(), left_out })
    }

    async fn leftovers(&self, task: &Task, instance: &str) -> Result<Vec<HeldPort>, DriverError> {
        let network = self.inspection_network(&task.node).await?;
        self.neutron()?.leftovers(task, &network, instance).await
    }

    async fn add_inspection_network(&self, task: &Task, wanted: &NewVif<'_>) -> Result<Option<Vif>, DriverError> {
        let network = self.inspection_network(&task.node).await?;
        let neutron = self.neutron()?;
        let groups = neutron.security_groups(&self.options.security_groups).await?;
        let request = port::PortRequest {
            node: &task.node,
            port: wanted.port,
            bond: self.bond_of(task, wanted.port),
            mark: wanted.mark,
            network: &network,
            security_groups: &groups,
            dhcp_options: wanted.dhcp_options,
            without_address: !task.boots_from_media && !wanted.port.pxe_enabled,
            stateful_addresses: self.options.dhcpv6_stateful_address_count,
        };
        neutron.wait_for_agent(&request).await?;
        let made = neutron.attach(&request, wanted.repeated).await?;
        Ok(Some(made.vif(wanted.port.address)))
    }

    async fn await_ports_active(&self, task: &Task, vifs: &[Vif]) -> Result<(), DriverError> {
        if self.waits_for_binding(task) {
            self.neutron()?.await_active(task, vifs).await?;
        }
        tokio::time::sleep(self.options.port_setup_delay).await;
        Ok(())
    }

    async fn remove_inspection_network(&self, _: &Task, mark: &Mark, vif: Option<&VifId>) -> Result<(), DriverError> {
        let neutron = self.neutron()?;
        match vif {
            Some(vif) => neutron.delete_port(vif).await,
            None => neutron.delete_marked(mark).await,
        }
    }

    fn dhcp(&self) -> DhcpProvider {
        self.options.dhcp.unwrap_or(DhcpProvider::Neutron)
    }
}

/// A NIC, as errors name it.
fn named(node: NodeId, port: &Port) -> String {
    format!("port {} ({}) of node {node}", port.id, port.address)
}
