//! The network of a node's NICs.

use assay_core::{
    boot::{DhcpProvider, dhcp_options::DhcpOption},
    id::PortId,
    port::Port,
    run::{Mark, Vif, VifId},
};
use async_trait::async_trait;

use super::{Property, Task};
use crate::error::DriverError;

/// Which network the node's NICs are on (seed: "Extend the `NetworkInterface`").
#[async_trait]
pub trait NetworkInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Whether the node's NICs can be put on an inspection network, and which of them would be.
    ///
    /// # Errors
    /// Unsupported when there is none to put them on; missing or invalid parameters;
    /// [`DriverError::NetworkError`] when nobody can tell.
    async fn validate_inspection(&self, task: &Task) -> Result<InspectionPorts, DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "validate_inspection"))
    }

    /// What earlier inspections of the installation `instance` have left on the node's NICs.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`]; it also names a port of somebody else that is bound to one of
    /// these NICs, since moving the switch port would cut that off.
    async fn leftovers(&self, _task: &Task, _instance: &str) -> Result<Vec<HeldPort>, DriverError> {
        Ok(Vec::new())
    }

    /// Puts one port on the inspection network and returns the Neutron port made for it.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`], marked when a Neutron port may have been made all the same.
    async fn add_inspection_network(&self, _task: &Task, _wanted: &NewVif<'_>) -> Result<Option<Vif>, DriverError> {
        Ok(None)
    }

    /// Waits until the switch has moved all these ports; bounded.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`]: one can't be moved, or is not in time.
    async fn await_ports_active(&self, _task: &Task, _vifs: &[Vif]) -> Result<(), DriverError> {
        Ok(())
    }

    /// Removes what [`add_inspection_network`](Self::add_inspection_network) made under this mark;
    /// absent is well. Without `vif`, whose receipt was lost, it is found by its name.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`].
    async fn remove_inspection_network(
        &self,
        _task: &Task,
        _mark: &Mark,
        _vif: Option<&VifId>,
    ) -> Result<(), DriverError> {
        Ok(())
    }

    /// Who gives the NICs their addresses during an inspection.
    fn dhcp(&self) -> DhcpProvider {
        DhcpProvider::Own
    }

    /// Whether the NICs are apart from every other network during an inspection.
    fn isolates(&self) -> bool {
        true
    }
}

/// Which of a node's NICs an inspection moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectionPorts {
    /// The ports to be moved; empty for an interface that moves none.
    pub ports: Vec<PortId>,
    /// The others that were to be moved but for what they lack, one sentence each.
    pub left_out: Vec<String>,
}

/// A port to be put on the inspection network.
#[derive(Clone, Copy, Debug)]
pub struct NewVif<'a> {
    /// The port of the node.
    pub port: &'a Port,
    /// The name of what is made for it.
    pub mark: &'a Mark,
    /// What its DHCP answers shall hold.
    pub dhcp_options: &'a [DhcpOption],
    /// An earlier try may have landed.
    pub repeated: bool,
}

/// A Neutron port of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPort {
    /// Its id.
    pub vif: VifId,
    /// Its name, which tells who made it.
    pub mark: Mark,
}
