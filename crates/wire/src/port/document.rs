//! What clients can write of a port, for `POST` and `PATCH` alike.

use assay_core::{
    id::{NodeId, PortId, PortgroupId},
    local_link::normalise_local_link,
    mac::MacAddress,
    microversion::{Endpoint, Microversion, PortField},
    name::is_logical_name,
    node::{JsonMap, Timestamp},
    port::Port,
};
use serde_json::{Value, json};

use crate::{
    patch::{Operation, changed},
    refusal::Refusal,
    repr::{repr, repr_str},
    value::{Given, body_object, only_known_keys, require_key},
};

/// The fields that a patch can change, in the order in which refusals list them.
const PATCHABLE: &[PortField] = &[
    PortField::Address,
    PortField::Extra,
    PortField::IsSmartnic,
    PortField::LocalLinkConnection,
    PortField::Name,
    PortField::NodeUuid,
    PortField::PhysicalNetwork,
    PortField::PortgroupUuid,
    PortField::PxeEnabled,
];

/// A new port, and what the port itself does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPort {
    /// The port; its node is to be looked up.
    pub port: Port,
    /// The node that it belongs to: UUID, or name where the version allows it.
    pub node: String,
    /// Whether the client said itself that the port is `pxe_enabled`.
    pub asks_to_boot: bool,
}

/// The port that `body` describes. `id` is used unless the body brings one.
///
/// # Errors
/// Refused when a field is unknown, too new for the version, absent or wrong.
pub fn create(body: &Value, version: Microversion, id: PortId, now: Timestamp) -> Result<NewPort, Refusal> {
    let map = body_object("port", body)?;
    require_key("port", map, "address")?;
    only_known_keys("port", map, is_creatable)?;
    let node = node_of(body, map)?;
    let mut port = Port::blank(id, NodeId(uuid::Uuid::nil()), MacAddress([0; 6]), now);
    let young_ident = map.contains_key("node_ident") && !version.has(Endpoint::PortNodeIdent.since());
    let mut too_young = young_ident;
    for (key, value) in map {
        let Some(field) = PortField::parse(key) else { continue };
        too_young |= !version.has(field.since());
        let given = Given { what: "port", field: key, value };
        match field {
            PortField::Uuid => port.id = given.uuid()?.map_or(id, PortId),
            PortField::NodeUuid => {}
            _ => assign(&mut port, field, value)?,
        }
    }
    let asks_to_boot = port.pxe_enabled && map.get("pxe_enabled").is_some_and(|value| !value.is_null());
    if too_young { Err(Refusal::NotAcceptable) } else { Ok(NewPort { port, node, asks_to_boot }) }
}

fn is_creatable(key: &str) -> bool {
    key == "node_ident"
        || PortField::parse(key).is_some_and(|field| field == PortField::Uuid || PATCHABLE.contains(&field))
}

fn node_of(body: &Value, map: &JsonMap) -> Result<String, Refusal> {
    let ident = map.get("node_ident").or_else(|| map.get("node_uuid")).ok_or_else(|| {
        Refusal::schema(
            "port",
            format_args!(
                "{} is not valid under any of the given schemas. Possible root cause: 'node_ident' is a required \
                 property",
                repr(body)
            ),
        )
    })?;
    Given { what: "port", field: "node_uuid", value: ident }.required_text(255)
}

/// The port as `operations` change it.
///
/// # Errors
/// Refused when an operation can't be applied, touches what the version does not have or what
/// can't be written, or the port that results is wrong.
pub fn patch(port: &Port, operations: &[Operation], version: Microversion) -> Result<Port, Refusal> {
    let document = changed(of(port), operations, PATCHABLE, version)?;
    let mut patched = port.clone();
    for field in PATCHABLE {
        assign(&mut patched, *field, document.get(field.as_str()).unwrap_or(&Value::Null))?;
    }
    Ok(patched)
}

fn of(port: &Port) -> Value {
    json!({
        "address": port.address,
        "extra": port.extra,
        "is_smartnic": port.is_smartnic,
        "local_link_connection": port.local_link_connection,
        "name": port.name,
        "node_uuid": port.node_id,
        "physical_network": port.physical_network,
        "portgroup_uuid": port.portgroup_id,
        "pxe_enabled": port.pxe_enabled,
    })
}

fn name(given: Given<'_>) -> Result<Option<String>, Refusal> {
    let name = given.text(255)?.filter(|name| !name.is_empty());
    match name {
        Some(name) if !is_logical_name(&name) => {
            Err(Refusal::Invalid(format!("Cannot use invalid name {} for a port", repr_str(&name))))
        }
        name => Ok(name),
    }
}

/// Writes one field; null means its default, where it has one.
fn assign(port: &mut Port, field: PortField, value: &Value) -> Result<(), Refusal> {
    use PortField as F;
    let given = Given { what: "port", field: field.as_str(), value };
    let needed = || Refusal::schema("port", format_args!("'{field}' is a required property"));
    match field {
        F::Address => port.address = given.mac()?.ok_or_else(needed)?,
        F::NodeUuid => port.node_id = NodeId(given.uuid()?.ok_or_else(needed)?),
        F::PortgroupUuid => port.portgroup_id = given.uuid()?.map(PortgroupId),
        F::Extra => port.extra = given.object()?,
        F::IsSmartnic => port.is_smartnic = given.boolean()?.unwrap_or(false),
        F::PxeEnabled => port.pxe_enabled = given.boolean()?.unwrap_or(true),
        F::Name => port.name = name(given)?,
        F::LocalLinkConnection => port.local_link_connection = normalise_local_link(given.object()?)?,
        F::PhysicalNetwork => {
            port.physical_network = given.text(64)?;
            if port.physical_network.as_deref() == Some("") {
                return Err(Refusal::schema("port", "'' is too short"));
            }
        }
        _ => {}
    }
    Ok(())
}
