//! A port group: NICs of a node that are one link together, and how the node's system bonds them.

use serde::{Deserialize, Serialize};

use crate::{
    id::{NodeId, PortgroupId},
    mac::MacAddress,
    node::{JsonMap, Timestamp},
    port::Port,
};

/// NICs of a node that are bonded. Field names and meanings are those of the bare metal API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the API's own and documented there")]
pub struct Portgroup {
    pub id: PortgroupId,
    pub node_id: NodeId,
    pub name: Option<String>,
    /// The bond's own address; it may be that of one of its ports, and of no other group.
    pub address: Option<MacAddress>,
    /// The mode of the bonding driver, such as `active-backup`, `802.3ad` or its number. The API
    /// takes any text: what it means is up to the node's system and to Neutron.
    pub mode: String,
    /// The bonding driver's parameters, such as `miimon`.
    pub properties: JsonMap,
    /// Whether a port of the group works alone as well: where not, none of them may be booted from.
    pub standalone_ports_supported: bool,
    pub extra: JsonMap,
    pub internal_info: JsonMap,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
}

/// A group with the ports that are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// The group.
    pub group: Portgroup,
    /// Its ports, as they are stored.
    pub ports: Vec<Port>,
}

impl Portgroup {
    /// A group of which only the mode is known: everything else has the API's default.
    #[must_use]
    pub fn blank(id: PortgroupId, node_id: NodeId, mode: String, created_at: Timestamp) -> Self {
        Self {
            id,
            node_id,
            name: None,
            address: None,
            mode,
            properties: JsonMap::new(),
            standalone_ports_supported: true,
            extra: JsonMap::new(),
            internal_info: JsonMap::new(),
            created_at,
            updated_at: None,
        }
    }
}
