//! The interfaces of a node, with the method names of the field; each has at least two
//! implementations. A method does one thing to the outside world and decides no state.
//!
//! **Invariant:** every method ends by itself within the deadlines of its implementation.

mod boot;
mod inspect;
mod management;
mod network;
mod power;

use assay_core::{id::PortId, mac::MacAddress, node::Node, port::Port, portgroup::Portgroup, run::RunId};
use uuid::Uuid;

use crate::redfish::Recent;

pub use boot::BootInterface;
pub use inspect::{InspectInterface, InspectKind, IntrospectionData, Progress};
pub use management::ManagementInterface;
pub use network::{HeldPort, InspectionPorts, NetworkInterface, NewVif};
pub use power::PowerInterface;

/// What an interface may know: the node, its ports, and the run on whose behalf it acts.
#[derive(Clone, Debug)]
pub struct Task {
    /// The node, secrets included.
    pub node: Node,
    /// All of its ports.
    pub ports: Vec<Port>,
    /// The groups that its ports are in.
    pub portgroups: Vec<Portgroup>,
    /// The run, when there is one; validation for the API has none.
    pub run: Option<RunId>,
    /// The node boots from a disc: every one of its NICs may be used, not only those that it may be
    /// booted from.
    pub boots_from_media: bool,
    /// What the run has just read of the machine's BMC.
    pub recent: Recent,
}

impl Task {
    /// On a node alone.
    #[must_use]
    pub fn on(node: Node) -> Self {
        let (ports, portgroups) = (Vec::new(), Vec::new());
        Self { node, ports, portgroups, run: None, boots_from_media: false, recent: Recent::default() }
    }

    /// The same node as it will be once the conductor has made its ports from the BMC's list: with
    /// one port whose address nobody knows yet.
    #[must_use]
    pub fn with_port_to_come(&self) -> Self {
        let port = Port::blank(PortId(Uuid::nil()), self.node.id, MacAddress([0; 6]), self.node.created_at);
        Self { ports: vec![port], ..self.clone() }
    }

    /// The NICs that may be booted from.
    #[must_use]
    pub fn boot_macs(&self) -> Vec<MacAddress> {
        self.ports.iter().filter(|port| port.pxe_enabled).map(|port| port.address).collect()
    }
}

/// One key of `driver_info` that an interface reads, for `GET /v1/drivers/<name>/properties`.
pub type Property = (&'static str, &'static str);
