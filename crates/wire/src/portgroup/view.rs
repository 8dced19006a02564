//! A port group as an answer shows it.

use assay_core::{microversion::PortgroupField, portgroup::Portgroup};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{fields, links::pair, mask::masked, node::view::time};

/// A port group on its way into an answer.
#[derive(Clone, Copy, Debug)]
pub struct PortgroupView<'a> {
    /// The group.
    pub group: &'a Portgroup,
    /// The fields to show.
    pub fields: &'a [PortgroupField],
    /// The public URL without the version.
    pub base: &'a str,
}

/// What a list shows of each group, unless asked for other fields.
pub const LIST_FIELDS: &[PortgroupField] =
    &[PortgroupField::Uuid, PortgroupField::Address, PortgroupField::Name, PortgroupField::Links];

impl Serialize for PortgroupView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fields::object(serializer, self.fields, |map, field| self.field(map, field))
    }
}

impl PortgroupView<'_> {
    fn field<M: SerializeMap>(&self, map: &mut M, field: PortgroupField) -> Result<(), M::Error> {
        use PortgroupField as F;
        let group = self.group;
        let key = field.as_str();
        match field {
            F::Uuid => map.serialize_entry(key, &group.id),
            F::NodeUuid => map.serialize_entry(key, &group.node_id),
            F::Address => map.serialize_entry(key, &group.address),
            F::Name => map.serialize_entry(key, &group.name),
            F::Mode => map.serialize_entry(key, &group.mode),
            F::Properties => map.serialize_entry(key, &group.properties),
            F::StandalonePortsSupported => map.serialize_entry(key, &group.standalone_ports_supported),
            F::Extra => map.serialize_entry(key, &group.extra),
            F::InternalInfo => map.serialize_entry(key, &masked(&group.internal_info)),
            F::CreatedAt => map.serialize_entry(key, &time(Some(group.created_at))),
            F::UpdatedAt => map.serialize_entry(key, &time(group.updated_at)),
            F::Links => map.serialize_entry(key, &pair(self.base, format_args!("portgroups/{}", group.id))),
            F::Ports => map.serialize_entry(key, &pair(self.base, format_args!("portgroups/{}/ports", group.id))),
        }
    }
}
