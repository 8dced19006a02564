//! What clients can write of a node, as one JSON document: a new node is an empty node with a
//! document, a changed one is its own document after a patch. Both are read by `assign`, so a
//! node is validated as a whole, whichever way it came.

use assay_core::{
    microversion::{Microversion, NodeField},
    name::{NameError, check_node_name},
    node::{JsonMap, Node},
    secret::{MASK, Secret, is_secret_key},
};
use serde_json::{Value, json};

use crate::{
    mask::driver_info,
    patch::{Operation, changed},
    refusal::Refusal,
    repr::repr_str,
    value::Given,
};

/// The fields that clients can write, in the order in which refusals list them.
pub const SETTABLE: &[NodeField] = &[
    NodeField::AutomatedClean,
    NodeField::BiosInterface,
    NodeField::BootInterface,
    NodeField::ChassisUuid,
    NodeField::ConductorGroup,
    NodeField::ConsoleInterface,
    NodeField::DeployInterface,
    NodeField::Description,
    NodeField::DisablePowerOff,
    NodeField::Driver,
    NodeField::DriverInfo,
    NodeField::Extra,
    NodeField::InspectInterface,
    NodeField::InstanceInfo,
    NodeField::InstanceUuid,
    NodeField::Lessee,
    NodeField::Maintenance,
    NodeField::ManagementInterface,
    NodeField::Name,
    NodeField::NetworkData,
    NodeField::NetworkInterface,
    NodeField::Owner,
    NodeField::PowerInterface,
    NodeField::Properties,
    NodeField::Protected,
    NodeField::ProtectedReason,
    NodeField::RaidInterface,
    NodeField::RescueInterface,
    NodeField::ResourceClass,
    NodeField::Retired,
    NodeField::RetiredReason,
    NodeField::Shard,
    NodeField::StorageInterface,
    NodeField::VendorInterface,
    NodeField::ParentNode,
    NodeField::FirmwareInterface,
];

/// The node as `operations` change it. Interfaces that they removed are absent: the conductor
/// fills in the defaults.
///
/// # Errors
/// Refused when an operation can't be applied, touches what the version does not have or what
/// can't be written, or the node that results is wrong.
pub fn patch(node: &Node, operations: &[Operation], version: Microversion) -> Result<Node, Refusal> {
    let document = changed(of(node), operations, SETTABLE, version)?;
    let mut patched = node.clone();
    for field in SETTABLE {
        assign(&mut patched, *field, document.get(field.as_str()).unwrap_or(&Value::Null))?;
    }
    if operations.iter().any(|operation| operation.root() == NodeField::Name.as_str()) {
        check_name(&patched, version, &format!("Node {}: Cannot change name to ", node.id))?;
    }
    if node.maintenance && !patched.maintenance {
        patched.maintenance_reason = None;
        patched.fault = None;
    }
    check_reasons(&mut patched)?;
    Ok(patched)
}

/// The document of a node, with every writable field; secrets are masked, and a mask that comes
/// back unchanged keeps the secret.
fn of(node: &Node) -> Value {
    let mut document = JsonMap::new();
    for field in SETTABLE {
        document.insert(field.as_str().to_owned(), read(node, *field));
    }
    Value::Object(document)
}

fn read(node: &Node, field: NodeField) -> Value {
    use NodeField as F;
    if let Some(kind) = field.interface() {
        return json!(node.interfaces.get(&kind));
    }
    match field {
        F::AutomatedClean => json!(node.automated_clean),
        F::ChassisUuid => json!(node.chassis_uuid),
        F::ConductorGroup => json!(node.conductor_group),
        F::Description => json!(node.description),
        F::DisablePowerOff => json!(node.disable_power_off),
        F::Driver => json!(node.driver),
        F::DriverInfo => Value::Object(driver_info(node)),
        F::Extra => Value::Object(node.extra.clone()),
        F::InstanceInfo => Value::Object(node.instance_info.clone()),
        F::InstanceUuid => json!(node.instance_uuid),
        F::Lessee => json!(node.lessee),
        F::Maintenance => json!(node.maintenance),
        F::Name => json!(node.name),
        F::NetworkData => Value::Object(node.network_data.clone()),
        F::Owner => json!(node.owner),
        F::ParentNode => json!(node.parent_node),
        F::Properties => Value::Object(node.properties.clone()),
        F::Protected => json!(node.protected),
        F::ProtectedReason => json!(node.protected_reason),
        F::ResourceClass => json!(node.resource_class),
        F::Retired => json!(node.retired),
        F::RetiredReason => json!(node.retired_reason),
        F::Shard => json!(node.shard),
        _ => Value::Null,
    }
}

/// Writes one field; null means its default.
pub(super) fn assign(node: &mut Node, field: NodeField, value: &Value) -> Result<(), Refusal> {
    use NodeField as F;
    let given = Given { what: "node", field: field.as_str(), value };
    if let Some(kind) = field.interface() {
        match given.text(255)? {
            Some(name) => node.interfaces.insert(kind, name),
            None => node.interfaces.remove(&kind),
        };
        return Ok(());
    }
    match field {
        F::AutomatedClean => node.automated_clean = given.boolean()?,
        F::ChassisUuid => node.chassis_uuid = given.uuid()?,
        F::ConductorGroup => node.conductor_group = conductor_group(given)?,
        F::Description => node.description = given.text(4096)?,
        F::DisablePowerOff => node.disable_power_off = given.boolean()?.unwrap_or(false),
        F::Driver => node.driver = given.required_text(255)?,
        F::DriverInfo => assign_driver_info(node, given.object()?),
        F::Extra => node.extra = given.object()?,
        F::InstanceInfo => node.instance_info = given.object()?,
        F::InstanceUuid => node.instance_uuid = given.uuid()?,
        F::Lessee => node.lessee = given.text(255)?,
        F::Maintenance => node.maintenance = given.boolean()?.unwrap_or(false),
        F::Name => node.name = given.text(255)?.filter(|name| !name.is_empty()),
        F::NetworkData => node.network_data = given.object()?,
        F::Owner => node.owner = given.text(255)?,
        F::ParentNode => node.parent_node = given.uuid()?,
        F::Properties => node.properties = given.object()?,
        F::Protected => node.protected = given.boolean()?.unwrap_or(false),
        F::ProtectedReason => node.protected_reason = given.text(4096)?,
        F::ResourceClass => node.resource_class = given.text(80)?,
        F::Retired => node.retired = given.boolean()?.unwrap_or(false),
        F::RetiredReason => node.retired_reason = given.text(4096)?,
        F::Shard => node.shard = given.text(255)?,
        _ => {}
    }
    Ok(())
}

fn conductor_group(given: Given<'_>) -> Result<String, Refusal> {
    let group = given.text(255)?.unwrap_or_default().to_ascii_lowercase();
    if group.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Ok(group);
    }
    Err(Refusal::schema("node", format_args!("{} does not match '^[a-zA-Z0-9_\\\\-\\\\.]*$'", repr_str(&group))))
}

/// Splits the secrets off; one that comes as the mask keeps its former value.
fn assign_driver_info(node: &mut Node, info: JsonMap) {
    let mut former = std::mem::take(&mut node.secrets);
    node.driver_info.clear();
    for (key, value) in info {
        match value {
            value if value.is_null() || !is_secret_key(&key) => {
                node.driver_info.insert(key, value);
            }
            Value::String(text) => {
                let kept = if text == MASK { former.remove(&key) } else { None };
                node.secrets.insert(key, kept.unwrap_or_else(|| Secret::new(text)));
            }
            other => {
                node.secrets.insert(key, Secret::new(other.to_string()));
            }
        }
    }
}

/// `asked` stands before the refusal of a name that is none.
pub(super) fn check_name(node: &Node, version: Microversion, asked: &str) -> Result<(), Refusal> {
    let Some(name) = &node.name else { return Ok(()) };
    check_node_name(name, version).map_err(|error| match error {
        NameError::Invalid(_) => Refusal::Invalid(format!("{asked}{error}")),
        NameError::Reserved(_) => Refusal::Invalid(error.to_string()),
    })
}

/// A reason needs what it is the reason for; it goes away together with it.
pub(super) fn check_reasons(node: &mut Node) -> Result<(), Refusal> {
    for (field, flag, reason) in
        [("protected", node.protected, &mut node.protected_reason), ("retired", node.retired, &mut node.retired_reason)]
    {
        if !flag && reason.is_some() {
            return Err(Refusal::Invalid(format!("The {field}_reason field can only be set when {field} is True.")));
        }
    }
    Ok(())
}
