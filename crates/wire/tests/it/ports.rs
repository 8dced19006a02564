//! Ports: creation, patches and views.

use assay_core::{
    id::{NodeId, PortId},
    microversion::Microversion,
    port::Port,
};
use assay_wire::{
    fields, patch,
    port::{self, Parent, PortList, PortView},
    query::Arguments,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::recorded::{BASE, now, sample};

fn recorded_port() -> Port {
    let created = sample("062-port-create");
    let id = PortId(created.answer()["uuid"].as_str().unwrap().parse().unwrap());
    let new = port::create(created.sent(), created.version(), id, now()).unwrap();
    Port { node_id: NodeId(new.node.parse().unwrap()), ..new.port }
}

fn shown(port: &Port, version: Microversion) -> Value {
    serde_json::to_value(PortView { port, fields: &fields::all(version), base: BASE }).unwrap()
}

#[test]
fn a_port_is_shown_as_the_recorded_one() {
    for name in ["068-port-show", "069-port-show-v1-1"] {
        let recorded = sample(name);
        let mut expected = recorded.answer().clone();
        expected["created_at"] = json!("2026-11-23T05:31:15.094307+00:00");
        for young in ["description", "vendor"] {
            expected.as_object_mut().unwrap().remove(young);
        }
        assert_eq!(shown(&recorded_port(), recorded.version()), expected, "{name}");
    }
}

#[test]
fn a_wrong_new_port_is_refused_in_the_recorded_words() {
    for name in ["064-port-create-bad-mac-400", "066-port-create-no-node-400", "067-port-create-bad-llc-400"] {
        let recorded = sample(name);
        let refusal = port::create(recorded.sent(), recorded.version(), PortId(Uuid::nil()), now()).unwrap_err();
        assert_eq!(refusal.to_string(), recorded.refusal(), "{name}");
    }
}

#[test]
fn a_port_is_refused_for_a_version_that_does_not_know_its_fields() {
    let body = json!({"address": "52:54:00:00:00:01", "node_uuid": Uuid::nil(), "pxe_enabled": true});
    for (minor, accepted) in [(18, false), (19, true)] {
        let created = port::create(&body, Microversion { minor }, PortId(Uuid::nil()), now());
        assert_eq!(created.is_ok(), accepted);
    }
}

#[test]
fn a_new_port_tells_whether_its_client_asked_for_booting() {
    for (said, asks) in
        [(None, false), (Some(Value::Null), false), (Some(json!("true")), true), (Some(json!(false)), false)]
    {
        let mut body = json!({"address": "52:54:00:00:00:01", "node_uuid": Uuid::nil()});
        if let Some(said) = &said {
            body["pxe_enabled"] = said.clone();
        }
        let new = port::create(&body, Microversion::MAX, PortId(Uuid::nil()), now()).unwrap();
        assert_eq!(new.asks_to_boot, asks, "{said:?}");
    }
}

#[test]
fn a_list_below_an_object_is_of_that_object_only() {
    let below = |pairs: &[(&str, &str)], parent| {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let list = PortList::parse(Arguments(pairs), Microversion::MAX, 10, false).unwrap();
        list.below(parent, "gold1".to_owned()).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(below(&[("node", "other")], Parent::Node).unwrap().node.as_deref(), Some("gold1"));
    assert_eq!(below(&[], Parent::Portgroup).unwrap().portgroup.as_deref(), Some("gold1"));
    for (argument, parent) in [("portgroup", Parent::Node), ("node", Parent::Portgroup), ("shard", Parent::Node)] {
        assert!(below(&[(argument, "x")], parent).is_err(), "{argument}");
    }
}

#[test]
fn switch_and_port_may_come_in_two_operations() {
    let mut port = recorded_port();
    port.local_link_connection.clear();
    let operations = patch::parse(&json!([
        {"op": "add", "path": "/local_link_connection/switch_id", "value": "88:5a:92:ec:54:59"},
        {"op": "add", "path": "/local_link_connection/port_id", "value": "Ethernet1/1"},
    ]))
    .unwrap();
    let changed = port::patch(&port, &operations, Microversion::MAX).unwrap();
    assert_eq!(changed.local_link_connection["port_id"], "Ethernet1/1");
}

#[test]
fn an_address_can_be_changed_but_not_removed() {
    let patched = |body: &Value| {
        let operations = patch::parse(body).unwrap();
        port::patch(&recorded_port(), &operations, Microversion::MAX).map_err(|refusal| refusal.to_string())
    };
    let changed = patched(&json!([{"op": "replace", "path": "/address", "value": "52-54-00-AB-CD-EF"}])).unwrap();
    assert_eq!(changed.address.to_string(), "52:54:00:ab:cd:ef");
    assert_eq!(
        patched(&json!([{"op": "remove", "path": "/address"}])),
        Err("Schema error for port: 'address' is a required property".to_owned())
    );
}
