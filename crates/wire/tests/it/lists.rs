//! A node in a list, read from its stored text, is shown as the node itself is.

use assay_core::{
    id::NodeId,
    microversion::{Microversion, NodeField},
    node::{InterfaceKind, JsonMap, Node},
    provision::ProvisionState,
    secret::MASK,
};
use assay_wire::{
    fields,
    node::{NodeView, view::Context},
};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use crate::recorded::{BASE, CONDUCTOR, now};

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        any::<String>(),
        Just("redfish_password".to_owned()),
        Just("agent_secret_token".to_owned())
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = JsonMap> {
    prop::collection::btree_map(key(), json(), 0..5).prop_map(|map| map.into_iter().collect())
}

fn state() -> impl Strategy<Value = ProvisionState> {
    prop::sample::select(ProvisionState::ALL)
}

prop_compose! {
    fn node()(
        objects in prop::array::uniform6(object()),
        states in (state(), prop::option::of(state())),
        texts in prop::array::uniform4(prop::option::of(any::<String>())),
        flags in prop::array::uniform4(any::<bool>()),
        traits in prop::collection::btree_set("CUSTOM_[A-Z]{1,4}", 0..3),
    ) -> Node {
        let [driver_info, driver_internal_info, instance_info, properties, extra, network_data] = objects;
        let [name, last_error, owner, description] = texts;
        let [maintenance, retired, protected, later] = flags;
        Node {
            driver: "redfish".to_owned(),
            driver_info, driver_internal_info, instance_info, properties, extra, network_data,
            target_provision_state: states.1,
            name, last_error, owner, description, maintenance, retired, protected, traits,
            updated_at: later.then(now),
            inspection_finished_at: later.then(now),
            interfaces: InterfaceKind::ALL.iter().map(|kind| (*kind, format!("{kind}-x"))).collect(),
            ..Node::blank(NodeId(Uuid::from_u128(7)), states.0, now())
        }
    }
}

fn shown<Json: Serialize>(node: &Node<Json>, fields: &[NodeField], version: Microversion) -> String {
    let context = Context { base: BASE, version, conductor: CONDUCTOR };
    serde_json::to_string(&NodeView { node, fields, context }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stored_text_is_shown_as_the_node_is_in_every_version_and_field(node in node()) {
        let text = serde_json::to_string(&node).unwrap();
        let listed: Node<&RawValue> = serde_json::from_str(&text).unwrap();
        for minor in Microversion::MIN.minor..=Microversion::MAX.minor {
            let version = Microversion { minor };
            let fields = fields::all(version);
            prop_assert_eq!(shown(&listed, &fields, version), shown(&node, &fields, version), "in {}", version);
        }
        for field in NodeField::ALL {
            let version = Microversion::MAX;
            prop_assert_eq!(shown(&listed, &[*field], version), shown(&node, &[*field], version), "{}", field);
        }
    }

    #[test]
    fn s13_a_listed_node_masks_at_any_depth_whatever_the_text_looks_like(
        mut node in node(),
        depth in 0_usize..4,
        escaped in any::<bool>(),
    ) {
        let secret = serde_json::json!({"redfish_password": "hunter2-hunter2"});
        let nested = (0..depth).fold(secret, |inner, _| serde_json::json!({ "a": [inner] }));
        node.driver_info.insert("nested".to_owned(), nested.clone());
        node.driver_internal_info.insert("nested".to_owned(), nested.clone());
        node.instance_info.insert("nested".to_owned(), nested);
        let mut text = serde_json::to_string(&node).unwrap();
        if escaped {
            text = text.replace("redfish_password", "redfish_p\\u0061ssword");
        }
        let listed: Node<&RawValue> = serde_json::from_str(&text).unwrap();
        let fields = [NodeField::DriverInfo, NodeField::DriverInternalInfo, NodeField::InstanceInfo];
        let answer = shown(&listed, &fields, Microversion::MAX);
        prop_assert!(!answer.contains("hunter2-hunter2"), "{}", answer);
        prop_assert!(answer.matches(MASK).count() >= 3, "{}", answer);
    }
}
