//! A port: one NIC of a node, and where it is plugged in.

use serde::{Deserialize, Serialize};

use crate::{
    id::{NodeId, PortId, PortgroupId},
    mac::MacAddress,
    node::{JsonMap, Timestamp},
};

/// A NIC of a node. Field names and meanings are those of the bare metal API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the API's own and documented there")]
pub struct Port {
    pub id: PortId,
    pub node_id: NodeId,
    pub address: MacAddress,
    pub name: Option<String>,
    pub portgroup_id: Option<PortgroupId>,
    pub extra: JsonMap,
    pub internal_info: JsonMap,
    /// Whether the NIC may be booted from; only such ports get boot answers.
    pub pxe_enabled: bool,
    /// Switch and switch port, as `switch_id`, `port_id`, `switch_info`, …; empty when unknown.
    pub local_link_connection: JsonMap,
    pub physical_network: Option<String>,
    pub is_smartnic: bool,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
}

impl Port {
    /// A port of which only the address is known: everything else has the API's default.
    #[must_use]
    pub fn blank(id: PortId, node_id: NodeId, address: MacAddress, created_at: Timestamp) -> Self {
        Self {
            id,
            node_id,
            address,
            name: None,
            portgroup_id: None,
            extra: JsonMap::new(),
            internal_info: JsonMap::new(),
            pxe_enabled: true,
            local_link_connection: JsonMap::new(),
            physical_network: None,
            is_smartnic: false,
            created_at,
            updated_at: None,
        }
    }
}
