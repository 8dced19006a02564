//! A node as an answer shows it: only the fields that the microversion has and the request asked for.

use assay_core::{
    microversion::{Microversion, NodeField, behaviour},
    node::{JsonMap, Node, Timestamp},
    provision::ProvisionState,
};
use chrono::SecondsFormat;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    fields,
    links::pair,
    mask::{driver_info, masked},
};

/// What all objects of one answer are rendered with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The public URL without the version, such as `http://10.0.0.1:6385`.
    pub base: &'a str,
    /// The version that the request was served in.
    pub version: Microversion,
    /// The host name of the conductor that serves the nodes.
    pub conductor: &'a str,
}

/// A node on its way into an answer; serialised field by field, without a copy in between.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a, Json = JsonMap> {
    /// The node, of which only the shown fields need to be filled.
    pub node: &'a Node<Json>,
    /// The fields to show.
    pub fields: &'a [NodeField],
    /// The answer that it is part of.
    pub context: Context<'a>,
}

/// What a list shows of each node, unless asked for other fields.
pub const LIST_FIELDS: &[NodeField] = &[
    NodeField::Uuid,
    NodeField::InstanceUuid,
    NodeField::Maintenance,
    NodeField::PowerState,
    NodeField::ProvisionState,
    NodeField::Name,
    NodeField::Links,
];

impl<Json: Serialize> Serialize for NodeView<'_, Json> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields::object(serializer, self.fields, |map, field| self.field(map, field))
    }
}

impl<Json: Serialize> NodeView<'_, Json> {
    fn field<M: SerializeMap>(&self, map: &mut M, field: NodeField) -> Result<(), M::Error> {
        use NodeField as F;
        let node = self.node;
        let key = field.as_str();
        if let Some(kind) = field.interface() {
            return map.serialize_entry(key, &node.interfaces.get(&kind));
        }
        match field {
            F::DriverInfo => map.serialize_entry(key, &driver_info(node)),
            F::DriverInternalInfo => map.serialize_entry(key, &masked(&node.driver_internal_info)),
            F::InstanceInfo => map.serialize_entry(key, &masked(&node.instance_info)),
            F::Properties => map.serialize_entry(key, &node.properties),
            F::Extra => map.serialize_entry(key, &node.extra),
            F::NetworkData => map.serialize_entry(key, &node.network_data),
            F::RaidConfig | F::TargetRaidConfig | F::CleanStep | F::DeployStep | F::ServiceStep => {
                map.serialize_entry(key, &JsonMap::new())
            }
            F::CreatedAt => map.serialize_entry(key, &time(Some(node.created_at))),
            F::UpdatedAt => map.serialize_entry(key, &time(node.updated_at)),
            F::InspectionStartedAt => map.serialize_entry(key, &time(node.inspection_started_at)),
            F::InspectionFinishedAt => map.serialize_entry(key, &time(node.inspection_finished_at)),
            F::ProvisionUpdatedAt => map.serialize_entry(key, &time(node.provision_updated_at)),
            F::Links => map.serialize_entry(key, &self.links("")),
            F::Ports => map.serialize_entry(key, &self.links("/ports")),
            F::States => map.serialize_entry(key, &self.links("/states")),
            F::Portgroups => map.serialize_entry(key, &self.links("/portgroups")),
            F::Volume => map.serialize_entry(key, &self.links("/volume")),
            _ => self.plain_field(map, field),
        }
    }

    /// The fields of one word, number or truth value.
    fn plain_field<M: SerializeMap>(&self, map: &mut M, field: NodeField) -> Result<(), M::Error> {
        use NodeField as F;
        let node = self.node;
        let key = field.as_str();
        match field {
            F::Uuid => map.serialize_entry(key, &node.id),
            F::Name => map.serialize_entry(key, &node.name),
            F::Driver => map.serialize_entry(key, &node.driver),
            F::InstanceUuid => map.serialize_entry(key, &node.instance_uuid),
            F::ChassisUuid => map.serialize_entry(key, &node.chassis_uuid),
            F::PowerState => map.serialize_entry(key, &node.power_state),
            F::TargetPowerState => map.serialize_entry(key, &node.target_power_state),
            F::ProvisionState => map.serialize_entry(key, &self.provision_state(Some(node.provision_state))),
            F::TargetProvisionState => map.serialize_entry(key, &self.provision_state(node.target_provision_state)),
            F::LastError => map.serialize_entry(key, &node.last_error),
            F::Maintenance => map.serialize_entry(key, &node.maintenance),
            F::MaintenanceReason => map.serialize_entry(key, &node.maintenance_reason),
            F::Fault => map.serialize_entry(key, &node.fault),
            F::Reservation => map.serialize_entry(key, &node.reservation),
            F::Conductor => map.serialize_entry(key, self.context.conductor),
            F::ConductorGroup => map.serialize_entry(key, &node.conductor_group),
            F::ResourceClass => map.serialize_entry(key, &node.resource_class),
            F::Owner => map.serialize_entry(key, &node.owner),
            F::Lessee => map.serialize_entry(key, &node.lessee),
            F::Description => map.serialize_entry(key, &node.description),
            F::Protected => map.serialize_entry(key, &node.protected),
            F::ProtectedReason => map.serialize_entry(key, &node.protected_reason),
            F::Retired => map.serialize_entry(key, &node.retired),
            F::RetiredReason => map.serialize_entry(key, &node.retired_reason),
            F::AutomatedClean => map.serialize_entry(key, &node.automated_clean),
            F::DisablePowerOff => map.serialize_entry(key, &node.disable_power_off),
            F::BootMode => map.serialize_entry(key, &node.boot_mode),
            F::SecureBoot => map.serialize_entry(key, &node.secure_boot),
            F::Shard => map.serialize_entry(key, &node.shard),
            F::ParentNode => map.serialize_entry(key, &node.parent_node),
            F::Traits => map.serialize_entry(key, &node.traits),
            F::ConsoleEnabled => map.serialize_entry(key, &false),
            _ => map.serialize_entry(key, &()),
        }
    }

    fn links(&self, below: &str) -> impl Serialize {
        pair(self.context.base, format_args!("nodes/{}{below}", self.node.id))
    }

    fn provision_state(&self, state: Option<ProvisionState>) -> Option<&'static str> {
        shown_state(state?, self.context.version)
    }
}

/// A provision state in the words of `version`: states that it does not know have an older name.
#[must_use]
pub fn shown_state(state: ProvisionState, version: Microversion) -> Option<&'static str> {
    match state {
        ProvisionState::Available if !version.has(behaviour::AVAILABLE_STATE) => None,
        ProvisionState::InspectWait if !version.has(behaviour::INSPECT_WAIT_STATE) => {
            Some(ProvisionState::Inspecting.as_str())
        }
        known => Some(known.as_str()),
    }
}

/// A point in time as the API writes it, such as `2016-08-18T22:28:48.643434+00:00`.
#[must_use]
pub fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, false))
}
