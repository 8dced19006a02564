//! The fake answers as the real ones did.

use std::collections::BTreeMap;

use assay_sim::CloudSetup;
use reqwest::Client;
use serde_json::{Value, json};

use super::recording::{Exchange, Replay, exchanges, managed_inspection, setup};

/// Requests that were made when others had been answered; all others were made of a new cloud.
const AFTER: &[(&str, &[&str])] = &[
    ("nt-port-create-mac-in-use-409", &["nt-port-create"]),
    ("nt-port-get", &["nt-port-create"]),
    ("nt-ports-by-mac", &["nt-port-create"]),
    ("nt-port-delete-204", &["nt-port-create"]),
    ("nt-port-delete-with-opts", &["nt-port-create-with-opts"]),
    ("nt-port-delete-again-404", &["nt-port-create", "nt-port-delete-204"]),
    ("nt-port-dhcp-opts-ipxe", &["nt-port-create"]),
    ("nt-port-dhcp-opts-named", &["nt-port-create", "nt-port-dhcp-opts-ipxe"]),
    ("nt-port-dhcp-opts-clear", &["nt-port-create", "nt-port-dhcp-opts-ipxe", "nt-port-dhcp-opts-named"]),
    ("nt-port-dhcp-opts-clear-absent", &["nt-port-create"]),
    ("nt-port-dhcp-opts-bad-key-400", &["nt-port-create"]),
    ("nt-port-dhcp-opts-bad-version-400", &["nt-port-create"]),
    ("nt-port-dhcp-opts-empty-value-400", &["nt-port-create"]),
    ("nt-port-dhcp-opts-no-name-400", &["nt-port-create"]),
    ("nt-port-rebind", &["nt-port-create", "nt-port-unbind"]),
    ("nt-port-unbind", &["nt-port-create"]),
    ("nt-port-update-foreign-404", &["nt-port-create"]),
    ("nt-port-update-mac-bound-409", &["nt-port-create"]),
];

/// The cloud was not the same for all of them.
fn setup_for(name: &str) -> CloudSetup {
    let mut setup = setup();
    match name {
        "nt-port-over-quota-409" => setup.port_quota = 0,
        "nt-port-no-more-addresses-409" => {
            let mut subnet = setup.networks[0].subnets[0].clone();
            subnet.pool = None;
            setup.networks[1].subnets.push(subnet);
        }
        _ => {}
    }
    setup
}

#[tokio::test]
async fn each_recorded_request_is_answered_in_the_same_form() {
    let all = exchanges();
    let client = Client::new();
    let named = |name: &str| all.iter().find(|exchange| exchange.name == name).unwrap();
    for exchange in &all {
        let mut replay = Replay::on(setup_for(&exchange.name), &client).await;
        let before = AFTER.iter().find(|(name, _)| *name == exchange.name).map_or(&[][..], |(_, before)| before);
        for name in before {
            replay.ask(named(name)).await;
        }
        let answer = replay.ask(exchange).await;
        assert_same_form(exchange, &answer);
    }
}

#[tokio::test]
async fn what_ironic_asks_for_one_inspection_is_answered_in_the_same_form() {
    let mut replay = Replay::on(setup(), &Client::new()).await;
    let mut tags = Vec::new();
    for exchange in managed_inspection() {
        let answer = replay.ask(&exchange).await;
        assert_same_form(&exchange, &answer);
        tags.push(replay.cloud.switch("m27-1"));
    }
    tags.dedup();
    assert_eq!(tags, [None, Some(102), None], "the switch port, over time");
    assert!(replay.cloud.ports().is_empty());
}

fn assert_same_form(exchange: &Exchange, (status, body): &(u16, Value)) {
    let name = &exchange.name;
    assert_eq!(*status, exchange.status, "{name}: {body}");
    assert_eq!(body["NeutronError"]["type"], exchange.answer["NeutronError"]["type"], "{name}: {body}");
    assert_eq!(shape(body), shape(&exchange.answer), "{name}: {body}");
    assert_eq!(telling(body), telling(&exchange.answer), "{name}");
}

/// The names and types in a value; of a list, those of the first item.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(array) => array.iter().take(1).map(shape).collect(),
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
    }
}

/// What a client decides by.
fn telling(body: &Value) -> BTreeMap<&'static str, Value> {
    const NAMES: [&str; 11] = [
        "status",
        "mac_address",
        "device_id",
        "device_owner",
        "binding:host_id",
        "binding:profile",
        "binding:vif_type",
        "binding:vif_details",
        "binding:vnic_type",
        "extra_dhcp_opts",
        "port_security_enabled",
    ];
    let port = if body["ports"][0].is_object() { &body["ports"][0] } else { &body["port"] };
    NAMES.into_iter().map(|name| (name, comparable(&port[name]))).collect()
}

fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(options) => {
            let mut options = options.clone();
            options.sort_by_key(|option| option["opt_name"].to_string());
            json!(options)
        }
        Value::String(mac) if mac.starts_with("fa:16:3e:") => json!("random"),
        value => value.clone(),
    }
}
