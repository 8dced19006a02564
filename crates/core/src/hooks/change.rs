//! What a hook wants changed, as data: told in the timeline, shown by a dry run, then applied.

use std::fmt;

use serde_json::Value;

use crate::{id::PortId, mac::MacAddress, node::JsonMap};

/// One change to a node, its ports or the stored data. `Display` says it in one line.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Set a key of the node's `properties`.
    SetProperty {
        /// The key.
        key: &'static str,
        /// Its new value.
        value: Value,
    },
    /// Set a key of the `plugin_data` that is stored beside the inventory.
    SetPluginData {
        /// The key.
        key: &'static str,
        /// Its new value.
        value: Value,
    },
    /// Create a port of the node. Where another node has the address, a warning takes its place.
    CreatePort {
        /// The NIC.
        address: MacAddress,
        /// Whether it may be booted from.
        pxe_enabled: bool,
        /// `client-id` for InfiniBand.
        extra: JsonMap,
    },
    /// Say whether a port may be booted from.
    SetPortPxeEnabled {
        /// The port.
        port: PortId,
        /// Its NIC, for the reader.
        address: MacAddress,
        /// Whether it may.
        pxe_enabled: bool,
    },
    /// Say where a port is plugged in; it may be one that an earlier change creates.
    SetPortLocalLink {
        /// Its NIC.
        address: MacAddress,
        /// The whole new link, in a shape that the API accepts.
        link: JsonMap,
    },
    /// Say which physical network a port is on; it may be one that an earlier change creates.
    SetPortPhysicalNetwork {
        /// Its NIC.
        address: MacAddress,
        /// The network's name.
        physical_network: String,
    },
    /// Delete a port whose NIC was not found.
    DeletePort {
        /// The port.
        port: PortId,
        /// Its NIC, for the reader.
        address: MacAddress,
    },
    /// Tell the operator; nothing changes.
    Warn(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetProperty { key, value } => write!(f, "properties.{key} = {value}"),
            Self::SetPluginData { key, .. } => write!(f, "plugin_data.{key} is set"),
            Self::CreatePort { address, pxe_enabled, .. } => {
                write!(f, "port {address} is created with pxe_enabled = {pxe_enabled}")
            }
            Self::SetPortPxeEnabled { address, pxe_enabled, .. } => {
                write!(f, "port {address}: pxe_enabled = {pxe_enabled}")
            }
            Self::SetPortLocalLink { address, link } => {
                write!(f, "port {address}: local_link_connection = {}", Value::Object(link.clone()))
            }
            Self::SetPortPhysicalNetwork { address, physical_network } => {
                write!(f, "port {address}: physical_network = {physical_network}")
            }
            Self::DeletePort { address, .. } => write!(f, "port {address} is deleted"),
            Self::Warn(text) => write!(f, "warning: {text}"),
        }
    }
}
