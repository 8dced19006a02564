//! `POST /v1/nodes`: a new node from the body.

use assay_core::{
    id::NodeId,
    microversion::{Microversion, NodeField, behaviour},
    node::{Node, Timestamp},
    provision::ProvisionState,
};
use serde_json::Value;

use crate::{
    node::document::{SETTABLE, assign, check_name, check_reasons},
    refusal::Refusal,
    value::{Given, body_object, only_known_keys, require_key},
};

/// The node that `body` describes. Interfaces that it does not name are absent: the conductor
/// fills in the defaults. `id` is used unless the body brings one.
///
/// # Errors
/// Refused when a field is unknown, too new for the version, or wrong.
pub fn create(body: &Value, version: Microversion, id: NodeId, now: Timestamp) -> Result<Node, Refusal> {
    let body = body_object("node", body)?;
    require_key("node", body, "driver")?;
    only_known_keys("node", body, |key| NodeField::parse(key).is_some_and(is_settable))?;
    let mut node = Node::blank(id, initial_state(version), now);
    for (key, value) in body {
        let Some(field) = NodeField::parse(key) else { continue };
        if field == NodeField::Uuid {
            node.id = Given { what: "node", field: key, value }.uuid()?.map_or(id, NodeId);
        } else {
            assign(&mut node, field, value)?;
        }
    }
    if body.keys().filter_map(|key| NodeField::parse(key)).any(|field| !version.has(field.since())) {
        return Err(Refusal::NotAcceptable);
    }
    check_name(&node, version, "Cannot create node with ")?;
    check_reasons(&mut node)?;
    Ok(node)
}

fn is_settable(field: NodeField) -> bool {
    field == NodeField::Uuid || SETTABLE.contains(&field)
}

const fn initial_state(version: Microversion) -> ProvisionState {
    if version.has(behaviour::ENROLL_STATE) { ProvisionState::Enroll } else { ProvisionState::Available }
}
