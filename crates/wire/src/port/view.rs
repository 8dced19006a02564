//! A port as an answer shows it.

use assay_core::{microversion::PortField, port::Port};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{fields, links::pair, mask::masked, node::view::time};

/// A port on its way into an answer.
#[derive(Clone, Copy, Debug)]
pub struct PortView<'a> {
    /// The port.
    pub port: &'a Port,
    /// The fields to show.
    pub fields: &'a [PortField],
    /// The public URL without the version.
    pub base: &'a str,
}

/// What a list shows of each port, unless asked for other fields.
pub const LIST_FIELDS: &[PortField] = &[PortField::Uuid, PortField::Address, PortField::Links];

impl Serialize for PortView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields::object(serializer, self.fields, |map, field| self.field(map, field))
    }
}

impl PortView<'_> {
    fn field<M: SerializeMap>(&self, map: &mut M, field: PortField) -> Result<(), M::Error> {
        use PortField as F;
        let port = self.port;
        let key = field.as_str();
        match field {
            F::Uuid => map.serialize_entry(key, &port.id),
            F::NodeUuid => map.serialize_entry(key, &port.node_id),
            F::PortgroupUuid => map.serialize_entry(key, &port.portgroup_id),
            F::Address => map.serialize_entry(key, &port.address),
            F::Name => map.serialize_entry(key, &port.name),
            F::Extra => map.serialize_entry(key, &port.extra),
            F::InternalInfo => map.serialize_entry(key, &masked(&port.internal_info)),
            F::PxeEnabled => map.serialize_entry(key, &port.pxe_enabled),
            F::LocalLinkConnection => map.serialize_entry(key, &port.local_link_connection),
            F::PhysicalNetwork => map.serialize_entry(key, &port.physical_network),
            F::IsSmartnic => map.serialize_entry(key, &port.is_smartnic),
            F::CreatedAt => map.serialize_entry(key, &time(Some(port.created_at))),
            F::UpdatedAt => map.serialize_entry(key, &time(port.updated_at)),
            F::Links => map.serialize_entry(key, &pair(self.base, format_args!("ports/{}", port.id))),
        }
    }
}
