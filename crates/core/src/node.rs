//! A bare-metal node, as the conductor and the API know it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    id::NodeId,
    power::{BootMode, PowerState, PowerTarget, named},
    provision::{ProvisionEvent, ProvisionState, transition},
    secret::Secret,
};

/// A point in time. Never read from a clock in this crate.
pub type Timestamp = DateTime<Utc>;

/// A JSON object.
pub type JsonMap = Map<String, Value>;

use std::fmt;

named! {
    /// The kinds of interface that a node has, in the order in which the API lists them.
    InterfaceKind {
        /// BIOS settings; accepted by name only.
        Bios = "bios",
        /// How the ramdisk is booted.
        Boot = "boot",
        /// Serial console; accepted by name only.
        Console = "console",
        /// Deployment; accepted by name only.
        Deploy = "deploy",
        /// Firmware updates; accepted by name only.
        Firmware = "firmware",
        /// How the node is inspected.
        Inspect = "inspect",
        /// Boot device and MAC addresses through the BMC.
        Management = "management",
        /// Which network the NICs are on.
        Network = "network",
        /// Power through the BMC.
        Power = "power",
        /// RAID; accepted by name only.
        Raid = "raid",
        /// Rescue; accepted by name only.
        Rescue = "rescue",
        /// Volumes; accepted by name only.
        Storage = "storage",
        /// Vendor calls; accepted by name only.
        Vendor = "vendor",
    }
}

impl InterfaceKind {
    /// The node field that holds the implementation's name, such as `boot_interface`.
    #[must_use]
    pub fn field(self) -> String {
        format!("{self}_interface")
    }
}

impl PartialOrd for InterfaceKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InterfaceKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Defined in the order of their names.
        (*self as u8).cmp(&(*other as u8))
    }
}

/// Which implementation serves each kind of interface, such as `boot` by `ipxe`. Every kind has one.
pub type Interfaces = BTreeMap<InterfaceKind, String>;

/// A bare-metal node. Field names and meanings are those of the bare metal API.
///
/// `Json` is what the objects that are shown as they are stored are held as: parsed, or, in lists,
/// as their own text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the API's own and documented there")]
pub struct Node<Json = JsonMap> {
    pub id: NodeId,
    pub name: Option<String>,
    /// The hardware type, such as `redfish`.
    pub driver: String,
    /// Without its secrets, which are in [`Node::secrets`].
    pub driver_info: JsonMap,
    /// The values of `driver_info` whose keys name a secret. Never serialised: the store seals them.
    #[serde(skip)]
    pub secrets: BTreeMap<String, Secret>,
    pub driver_internal_info: JsonMap,
    pub properties: Json,
    pub extra: Json,
    pub instance_uuid: Option<Uuid>,
    pub instance_info: JsonMap,
    pub chassis_uuid: Option<Uuid>,
    pub power_state: Option<PowerState>,
    pub target_power_state: Option<PowerTarget>,
    pub provision_state: ProvisionState,
    pub target_provision_state: Option<ProvisionState>,
    pub provision_updated_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub maintenance: bool,
    pub maintenance_reason: Option<String>,
    pub fault: Option<String>,
    /// The host name of the conductor that holds the node's exclusive lock.
    pub reservation: Option<String>,
    pub inspection_started_at: Option<Timestamp>,
    pub inspection_finished_at: Option<Timestamp>,
    pub interfaces: Interfaces,
    pub resource_class: Option<String>,
    pub conductor_group: String,
    pub owner: Option<String>,
    pub lessee: Option<String>,
    pub description: Option<String>,
    pub protected: bool,
    pub protected_reason: Option<String>,
    pub retired: bool,
    pub retired_reason: Option<String>,
    pub automated_clean: Option<bool>,
    pub disable_power_off: bool,
    pub network_data: Json,
    pub boot_mode: Option<BootMode>,
    pub secure_boot: Option<bool>,
    pub shard: Option<String>,
    pub parent_node: Option<Uuid>,
    pub traits: BTreeSet<String>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
}

/// The event is not allowed in the state that the node is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The requested action \"{event}\" can not be performed on node \"{node}\" while it is in state \"{state}\".")]
pub struct InvalidState {
    /// The node's UUID.
    pub node: NodeId,
    /// What was asked for.
    pub event: ProvisionEvent,
    /// The state it is in.
    pub state: ProvisionState,
}

impl Node {
    /// A node of which nothing is known yet.
    #[must_use]
    pub fn blank(id: NodeId, state: ProvisionState, now: Timestamp) -> Self {
        Self {
            id,
            name: None,
            driver: String::new(),
            driver_info: JsonMap::new(),
            secrets: Default::default(),
            driver_internal_info: JsonMap::new(),
            properties: JsonMap::new(),
            extra: JsonMap::new(),
            instance_uuid: None,
            instance_info: JsonMap::new(),
            chassis_uuid: None,
            power_state: None,
            target_power_state: None,
            provision_state: state,
            target_provision_state: None,
            provision_updated_at: None,
            last_error: None,
            maintenance: false,
            maintenance_reason: None,
            fault: None,
            reservation: None,
            inspection_started_at: None,
            inspection_finished_at: None,
            interfaces: Default::default(),
            resource_class: None,
            conductor_group: String::new(),
            owner: None,
            lessee: None,
            description: None,
            protected: false,
            protected_reason: None,
            retired: false,
            retired_reason: None,
            automated_clean: None,
            disable_power_off: false,
            network_data: JsonMap::new(),
            boot_mode: None,
            secure_boot: None,
            shard: None,
            parent_node: None,
            traits: Default::default(),
            created_at: now,
            updated_at: None,
        }
    }

    /// The implementation that serves `kind`; empty if none was ever chosen.
    #[must_use]
    pub fn interface(&self, kind: InterfaceKind) -> &str {
        self.interfaces.get(&kind).map_or("", String::as_str)
    }

    /// This node as it was, with the access to its machine that `now` has: other credentials or
    /// certificates, as long as the same driver finds the machine at the same place.
    #[must_use]
    pub fn with_access_of(mut self, now: &Self) -> Self {
        let place = |node: &Self| -> JsonMap {
            let names_place = |key: &str| ["_address", "_port", "_system_id"].iter().any(|end| key.ends_with(end));
            node.driver_info.clone().into_iter().filter(|(key, _)| names_place(key)).collect()
        };
        if self.driver == now.driver && self.interfaces == now.interfaces && place(&self) == place(now) {
            self.driver_info.clone_from(&now.driver_info);
            self.secrets.clone_from(&now.secrets);
        }
        self
    }

    /// Moves the node by `event`, with every write that the state change brings along: target,
    /// times, and the times of inspection. `last_error` is the caller's.
    ///
    /// # Errors
    /// [`InvalidState`] when the state machine does not allow it; nothing has changed then.
    pub fn advance(&mut self, event: ProvisionEvent, now: Timestamp) -> Result<(), InvalidState> {
        let to = transition(self.provision_state, event).ok_or(InvalidState {
            node: self.id,
            event,
            state: self.provision_state,
        })?;
        match to {
            ProvisionState::Inspecting => {
                self.inspection_started_at = Some(now);
                self.inspection_finished_at = None;
            }
            ProvisionState::Manageable
                if matches!(self.provision_state, ProvisionState::Inspecting | ProvisionState::InspectWait) =>
            {
                self.inspection_started_at = None;
                self.inspection_finished_at = Some(now);
            }
            ProvisionState::InspectFailed => self.inspection_started_at = None,
            _ => {}
        }
        self.provision_state = to;
        self.target_provision_state = to.default_target();
        self.provision_updated_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_of_interface_are_defined_and_sorted_by_name() {
        assert!(InterfaceKind::ALL.is_sorted_by_key(|kind| kind.as_str()) && InterfaceKind::ALL.is_sorted());
    }

    #[test]
    fn renewed_access_is_taken_over_and_another_machine_is_not() {
        let node = |driver: &str, info: Value, password: &str| {
            let mut node = crate::testing::node();
            node.driver = driver.to_owned();
            node.driver_info = serde_json::from_value(info).unwrap();
            node.secrets.insert("redfish_password".to_owned(), Secret::new(password.to_owned()));
            node
        };
        let was = node("redfish", json!({"redfish_address": "https://a", "redfish_username": "u"}), "old");
        let renewed =
            json!({"redfish_address": "https://a", "redfish_username": "v", "redfish_verify_ca": "/etc/new.pem"});
        let now = node("redfish", renewed, "new");
        assert_eq!(was.clone().with_access_of(&now), now);
        let elsewhere = [
            node("redfish", json!({"redfish_address": "https://b", "redfish_username": "u"}), "new"),
            node("redfish", json!({"redfish_address": "https://a", "redfish_system_id": "/2"}), "new"),
            node("ipmi", Value::Object(was.driver_info.clone()), "new"),
        ];
        for now in elsewhere {
            assert_eq!(was.clone().with_access_of(&now), was, "{now:?}");
        }
    }
}
