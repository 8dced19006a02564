//! Port groups: creation, patches and views.

use assay_core::{
    id::{NodeId, PortgroupId},
    microversion::Microversion,
    portgroup::Portgroup,
};
use assay_wire::{
    fields, patch,
    portgroup::{self, PortgroupList, PortgroupView, view::LIST_FIELDS},
    query::Arguments,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::recorded::{BASE, now, sample};

const NEWEST: Microversion = Microversion::MAX;

fn blank() -> Portgroup {
    Portgroup::blank(PortgroupId(Uuid::nil()), NodeId(Uuid::nil()), "active-backup".to_owned(), now())
}

fn recorded_group() -> Portgroup {
    let created = sample("079-portgroup-create");
    let id = PortgroupId(created.answer()["uuid"].as_str().unwrap().parse().unwrap());
    portgroup::create(created.sent(), created.version(), Portgroup { id, ..blank() }).unwrap()
}

fn created(body: &Value, minor: u16) -> Result<Portgroup, String> {
    portgroup::create(body, Microversion { minor }, blank()).map_err(|refusal| refusal.to_string())
}

fn patched(body: &Value, minor: u16) -> Result<Portgroup, String> {
    let operations = patch::parse(body).unwrap();
    portgroup::patch(&recorded_group(), &operations, Microversion { minor }).map_err(|refusal| refusal.to_string())
}

#[test]
fn a_group_is_shown_as_the_recorded_one() {
    let group = recorded_group();
    let shown = |fields: &[_]| serde_json::to_value(PortgroupView { group: &group, fields, base: BASE }).unwrap();
    for name in ["079-portgroup-create", "080-portgroup-show", "081-portgroup-by-name"] {
        let mut expected = sample(name).answer().clone();
        expected["created_at"] = json!("2026-11-23T05:31:15.094307+00:00");
        assert_eq!(shown(&fields::all(NEWEST)), expected, "{name}");
    }
    assert_eq!(shown(LIST_FIELDS), sample("082-portgroup-list").answer()["portgroups"][0]);
    let old = shown(&fields::all(Microversion { minor: 25 }));
    assert!(old.get("mode").is_none() && old.get("properties").is_none(), "{old}");
    assert_eq!(old["standalone_ports_supported"], true);
}

#[test]
fn what_a_new_group_does_not_say_is_the_default() {
    let group = created(&json!({"node_uuid": Uuid::max(), "mode": null, "name": "", "extra": null}), 95).unwrap();
    assert_eq!(group, Portgroup { node_id: NodeId(Uuid::max()), ..blank() });
    let mine = json!({"uuid": Uuid::max(), "node_uuid": Uuid::max(), "standalone_ports_supported": "no"});
    let group = created(&mine, 23).unwrap();
    assert_eq!((group.id, group.standalone_ports_supported), (PortgroupId(Uuid::max()), false));
}

#[test]
fn a_wrong_new_group_is_refused_in_the_words_of_the_field() {
    let node = Uuid::max();
    for (body, minor, text) in [
        (json!({"name": "bond0"}), 95, "Schema error for portgroup: 'node_uuid' is a required property"),
        (json!({"node_uuid": "gold1"}), 95, "Expected UUID for node_uuid: gold1"),
        (json!({"node_uuid": node, "address": "zz"}), 95, "Expected valid MAC address for address: zz"),
        (json!({"node_uuid": node, "name": "bond 0"}), 95, "Cannot create portgroup with invalid name 'bond 0'"),
        (json!({"node_uuid": node, "mode": 4}), 95, "Schema error for portgroup: 4 is not of type 'string', 'null'"),
        (
            json!({"node_uuid": node, "internal_info": {}}),
            95,
            "Schema error for portgroup: Additional properties are not allowed ('internal_info' was unexpected)",
        ),
        (json!({"node_uuid": node, "mode": "802.3ad"}), 25, "Request not acceptable."),
        (json!({"node_uuid": node, "properties": {"miimon": 100}}), 25, "Request not acceptable."),
    ] {
        assert_eq!(created(&body, minor).unwrap_err(), text, "{body}");
    }
}

#[test]
fn a_group_is_changed_but_never_without_a_mode() {
    let changed = patched(
        &json!([
            {"op": "replace", "path": "/properties/miimon", "value": 50},
            {"op": "replace", "path": "/mode", "value": "4"},
            {"op": "remove", "path": "/address"},
            {"op": "remove", "path": "/standalone_ports_supported"},
        ]),
        95,
    )
    .unwrap();
    assert_eq!((changed.mode.as_str(), changed.address, changed.standalone_ports_supported), ("4", None, true));
    assert_eq!(changed.properties["miimon"], 50);
    let id = recorded_group().id;
    for (operation, minor, text) in [
        (
            json!({"op": "remove", "path": "/mode"}),
            95,
            "'mode' is a mandatory attribute and can not be removed".to_owned(),
        ),
        (json!({"op": "replace", "path": "/mode", "value": "4"}), 25, "Request not acceptable.".to_owned()),
        (
            json!({"op": "replace", "path": "/name", "value": "a b"}),
            95,
            format!("Portgroup {id}: Cannot change name to invalid name 'a b'"),
        ),
        (
            json!({"op": "replace", "path": "/uuid", "value": "x"}),
            95,
            "Cannot patch /uuid. Only the following can be updated: address, extra, mode, name, node_uuid, properties, \
             standalone_ports_supported"
                .to_owned(),
        ),
    ] {
        assert_eq!(patched(&json!([operation]), minor).unwrap_err(), text);
    }
}

#[test]
fn a_list_is_filtered_by_node_or_by_address() {
    let parse = |pairs: &[(&str, &str)], node: Option<&str>| {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let list = PortgroupList::parse(Arguments(pairs), NEWEST, 10, false);
        let list = list.and_then(|list| node.map_or(Ok(list.clone()), |node| list.below(node.to_owned())));
        list.map_err(|refusal| refusal.to_string())
    };
    let both = "Filtering by node, address, or shard simultaneously is not supported.";
    assert_eq!(parse(&[("node", "gold1")], None).unwrap().node.as_deref(), Some("gold1"));
    assert_eq!(parse(&[("node", "other")], Some("gold1")).unwrap().node.as_deref(), Some("gold1"));
    assert_eq!(parse(&[("node", "gold1"), ("address", "52:54:00:00:00:01")], None).unwrap_err(), both);
    assert_eq!(parse(&[("address", "52:54:00:00:00:01")], Some("gold1")).unwrap_err(), both);
    assert_eq!(parse(&[("portgroup", "x")], None).unwrap_err(), "Unexpected arguments: portgroup");
}
