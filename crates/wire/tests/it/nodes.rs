//! Nodes: creation, patches and views.

use assay_core::{
    id::NodeId,
    microversion::Microversion,
    node::{InterfaceKind, Node},
    provision::ProvisionState,
};
use assay_wire::{
    fields,
    node::{self, NodeView, view::Context},
    patch,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::recorded::{BASE, CONDUCTOR, now, sample};

fn recorded_node() -> Node {
    let created = sample("019-node-create");
    let mut node = node::create(created.sent(), created.version(), NodeId(Uuid::nil()), now()).unwrap();
    for kind in InterfaceKind::ALL {
        let default = if matches!(kind, InterfaceKind::Network | InterfaceKind::Storage) { "noop" } else { "fake" };
        node.interfaces.entry(*kind).or_insert_with(|| default.to_owned());
    }
    node
}

fn shown(node: &Node, version: Microversion) -> Value {
    let context = Context { base: BASE, version, conductor: CONDUCTOR };
    serde_json::to_value(NodeView { node, fields: &fields::all(version), context }).unwrap()
}

#[test]
fn a_created_node_is_shown_as_the_recorded_one() {
    assert_eq!(shown(&recorded_node(), Microversion::MAX), *sample("019-node-create").answer());
}

#[test]
fn an_old_version_shows_only_the_fields_that_it_knows() {
    for name in ["032-node-show-v1-1", "033-node-show-v1-31"] {
        let recorded = sample(name);
        let mut expected = recorded.answer().clone();
        expected["created_at"] = json!("2026-11-23T05:31:15.094307+00:00");
        assert_eq!(shown(&recorded_node(), recorded.version()), expected, "{name}");
    }
}

#[test]
fn a_young_state_has_an_older_name_in_old_versions() {
    let mut node = recorded_node();
    for (state, minor, expected) in [
        (ProvisionState::InspectWait, 39, json!("inspect wait")),
        (ProvisionState::InspectWait, 38, json!("inspecting")),
        (ProvisionState::Available, 2, json!("available")),
        (ProvisionState::Available, 1, Value::Null),
    ] {
        node.provision_state = state;
        assert_eq!(shown(&node, Microversion { minor })["provision_state"], expected, "{state} in 1.{minor}");
    }
}

#[test]
fn a_wrong_new_node_is_refused_in_the_recorded_words() {
    for name in [
        "023-node-create-no-driver-400",
        "024-node-create-unknown-field-400",
        "027-node-create-bad-name-400",
        "028-node-create-bad-type-400",
        "029-node-create-old-version-new-field-406",
    ] {
        let recorded = sample(name);
        let refusal = node::create(recorded.sent(), recorded.version(), NodeId(Uuid::nil()), now()).unwrap_err();
        assert_eq!(refusal.to_string(), recorded.refusal(), "{name}");
    }
}

#[test]
fn a_node_starts_in_enroll_since_that_state_exists() {
    for (minor, state) in [(10, ProvisionState::Available), (11, ProvisionState::Enroll)] {
        let node =
            node::create(&json!({"driver": "redfish"}), Microversion { minor }, NodeId(Uuid::nil()), now()).unwrap();
        assert_eq!(node.provision_state, state);
    }
}

fn patched(node: &Node, body: &Value) -> Result<Node, String> {
    let operations = patch::parse(body).map_err(|refusal| refusal.to_string())?;
    node::patch(node, &operations, Microversion::MAX).map_err(|refusal| refusal.to_string())
}

#[test]
fn a_wrong_patch_is_refused_in_the_recorded_words() {
    for name in [
        "054-node-patch-bad-path-400",
        "055-node-patch-readonly-400",
        "056-node-patch-missing-remove-400",
        "057-node-patch-not-list-400",
        "058-node-patch-bad-op-400",
    ] {
        let recorded = sample(name);
        // `instance_name` is younger than what is served.
        let expected = recorded.refusal().replace("instance_name, ", "");
        assert_eq!(patched(&recorded_node(), recorded.sent()), Err(expected), "{name}");
    }
}

#[test]
fn patches_change_what_they_name_and_nothing_else() {
    let node = patched(&recorded_node(), sample("052-node-patch").sent()).unwrap();
    let node = patched(&node, sample("053-node-patch-remove").sent()).unwrap();
    let mut expected = recorded_node();
    expected.properties.insert("memory_mb".to_owned(), json!(2048));
    assert_eq!(node, expected);
}

#[test]
fn a_removed_attribute_goes_back_to_its_default() {
    let node = patched(
        &recorded_node(),
        &json!([
            {"op": "remove", "path": "/name"},
            {"op": "remove", "path": "/extra"},
            {"op": "remove", "path": "/inspect_interface"},
            {"op": "replace", "path": "/maintenance", "value": "true"},
        ]),
    )
    .unwrap();
    assert_eq!(node.name, None);
    assert!(node.extra.is_empty() && node.maintenance);
    assert!(!node.interfaces.contains_key(&InterfaceKind::Inspect));
}

#[test]
fn the_whole_node_is_validated_after_a_patch() {
    for (body, text) in [
        (
            json!([{"op": "replace", "path": "/properties", "value": "x"}]),
            "Schema error for node: 'x' is not of type 'object', 'null'",
        ),
        (json!([{"op": "remove", "path": "/driver"}]), "Schema error for node: None is not of type 'string'"),
        (
            json!([{"op": "replace", "path": "/name", "value": "a b"}]),
            "Node 11111111-2222-4333-8444-000000000001: Cannot change name to invalid name 'a b'",
        ),
        (
            json!([{"op": "add", "path": "/protected_reason", "value": "mine"}]),
            "The protected_reason field can only be set when protected is True.",
        ),
        (json!([{"op": "replace", "path": "/instance_uuid", "value": "x"}]), "Expected UUID for instance_uuid: x"),
        (
            json!([{"op": "add", "path": "/traits/0", "value": "CUSTOM_X"}]),
            "Cannot patch /traits/0. Only the following can be updated:",
        ),
    ] {
        let refusal = patched(&recorded_node(), &body).unwrap_err();
        assert!(refusal.starts_with(text), "{refusal}");
    }
}

#[test]
fn s13_a_password_is_kept_apart_and_survives_its_own_mask() {
    let node = recorded_node();
    assert!(!node.driver_info.contains_key("ipmi_password"));
    assert_eq!(node.secrets["ipmi_password"].reveal(), "secret");
    let masked = json!([{"op": "replace", "path": "/driver_info", "value":
        {"ipmi_address": "198.18.77.2", "ipmi_password": "******"}}]);
    let kept = patched(&node, &masked).unwrap();
    assert_eq!(kept.secrets["ipmi_password"].reveal(), "secret");
    assert_eq!(kept.driver_info["ipmi_address"], "198.18.77.2");
    let new = patched(&kept, &json!([{"op": "replace", "path": "/driver_info/ipmi_password", "value": "n"}])).unwrap();
    assert_eq!(new.secrets["ipmi_password"].reveal(), "n");
    let gone = patched(&new, &json!([{"op": "remove", "path": "/driver_info/ipmi_password"}])).unwrap();
    assert!(gone.secrets.is_empty());
}

#[test]
fn leaving_maintenance_by_a_patch_clears_reason_and_fault() {
    let mut node = recorded_node();
    node.maintenance = true;
    node.maintenance_reason = Some("broken".to_owned());
    node.fault = Some("power failure".to_owned());
    let left = patched(&node, &json!([{"op": "replace", "path": "/maintenance", "value": false}])).unwrap();
    assert_eq!((left.maintenance_reason, left.fault), (None, None));
}
