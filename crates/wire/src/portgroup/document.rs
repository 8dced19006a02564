//! What clients can write of a port group, for `POST` and `PATCH` alike.

use assay_core::{
    id::{NodeId, PortgroupId},
    microversion::{Microversion, PortgroupField},
    name::is_logical_name,
    portgroup::Portgroup,
};
use serde_json::{Value, json};

use crate::{
    patch::{Operation, changed},
    refusal::Refusal,
    repr::repr_str,
    value::{Given, body_object, only_known_keys, require_key},
};

/// The fields that a patch can change, in the order in which refusals list them.
const PATCHABLE: &[PortgroupField] = &[
    PortgroupField::Address,
    PortgroupField::Extra,
    PortgroupField::Mode,
    PortgroupField::Name,
    PortgroupField::NodeUuid,
    PortgroupField::Properties,
    PortgroupField::StandalonePortsSupported,
];

/// The group that `body` describes; what it does not say is as in `blank`, except the node.
///
/// # Errors
/// Refused when a field is unknown, too new for the version, absent or wrong.
pub fn create(body: &Value, version: Microversion, blank: Portgroup) -> Result<Portgroup, Refusal> {
    let map = body_object("portgroup", body)?;
    require_key("portgroup", map, "node_uuid")?;
    only_known_keys("portgroup", map, |key| PortgroupField::parse(key).is_some_and(is_creatable))?;
    let mut group = blank;
    for (key, value) in map {
        match PortgroupField::parse(key) {
            Some(PortgroupField::Uuid) => {
                let given = Given { what: "portgroup", field: key, value };
                group.id = given.uuid()?.map_or(group.id, PortgroupId);
            }
            Some(field) => assign(&mut group, field, value)?,
            None => {}
        }
    }
    if map.keys().filter_map(|key| PortgroupField::parse(key)).any(|field| !version.has(field.since())) {
        return Err(Refusal::NotAcceptable);
    }
    check_name(&group, "Cannot create portgroup with")?;
    Ok(group)
}

fn is_creatable(field: PortgroupField) -> bool {
    field == PortgroupField::Uuid || PATCHABLE.contains(&field)
}

/// The group as `operations` change it.
///
/// # Errors
/// Refused when an operation can't be applied, touches what the version does not have or what
/// can't be written, or the group that results is wrong.
pub fn patch(group: &Portgroup, operations: &[Operation], version: Microversion) -> Result<Portgroup, Refusal> {
    let document = changed(of(group), operations, PATCHABLE, version)?;
    if document.get("mode").is_none_or(|mode| mode.is_null() || mode == "") {
        return Err(Refusal::Invalid("'mode' is a mandatory attribute and can not be removed".to_owned()));
    }
    let mut patched = group.clone();
    for field in PATCHABLE {
        assign(&mut patched, *field, document.get(field.as_str()).unwrap_or(&Value::Null))?;
    }
    check_name(&patched, &format!("Portgroup {}: Cannot change name to", group.id))?;
    Ok(patched)
}

fn of(group: &Portgroup) -> Value {
    json!({
        "address": group.address,
        "extra": group.extra,
        "mode": group.mode,
        "name": group.name,
        "node_uuid": group.node_id,
        "properties": group.properties,
        "standalone_ports_supported": group.standalone_ports_supported,
    })
}

/// `asked` stands before the refusal of a name that is none.
fn check_name(group: &Portgroup, asked: &str) -> Result<(), Refusal> {
    match &group.name {
        Some(name) if !is_logical_name(name) => {
            Err(Refusal::Invalid(format!("{asked} invalid name {}", repr_str(name))))
        }
        _ => Ok(()),
    }
}

/// Writes one field; null means its default, where it has one.
fn assign(group: &mut Portgroup, field: PortgroupField, value: &Value) -> Result<(), Refusal> {
    use PortgroupField as F;
    let given = Given { what: "portgroup", field: field.as_str(), value };
    match field {
        F::Address => group.address = given.mac()?,
        F::Extra => group.extra = given.object()?,
        F::Mode => {
            if let Some(mode) = given.text(255)?.filter(|mode| !mode.is_empty()) {
                group.mode = mode;
            }
        }
        F::Name => group.name = given.text(255)?.filter(|name| !name.is_empty()),
        F::NodeUuid => {
            let needed = || Refusal::schema("portgroup", "'node_uuid' is a required property");
            group.node_id = NodeId(given.uuid()?.ok_or_else(needed)?);
        }
        F::Properties => group.properties = given.object()?,
        F::StandalonePortsSupported => group.standalone_ports_supported = given.boolean()?.unwrap_or(true),
        _ => {}
    }
    Ok(())
}
