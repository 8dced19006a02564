//! The 15 calls that ironic-inspector makes of the bare metal API in one inspection.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::service::{Service, request};

const NODE: &str = "b0000000-0000-4000-8000-0000004c4b40";
const PORT: &str = "79a7e72a-d594-420e-bf2c-dac04f64b9b2";

/// The keys of the answers that an inspector reads.
fn shape(value: &Value) -> Vec<String> {
    const YOUNG: [&str; 6] = ["description", "vendor", "category", "health", "instance_name", "volume"];
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key.clone());
    keys.filter(|key| !YOUNG.contains(&key.as_str())).collect()
}

#[tokio::test]
async fn the_fifteen_calls_of_an_inspector_are_served() {
    let service = Service::start().await;
    let node = json!({"uuid": NODE, "driver": "fake-hardware", "name": "inspected"});
    assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    let port = json!({"uuid": PORT, "node_uuid": NODE, "address": "52:54:00:4c:4b:40"});
    assert_eq!(service.latest("POST", "/v1/ports", &port).await.status, 201);
    let calls = include_str!("../../../wire/tests/data/inspector-to-ironic.jsonl");
    assert_eq!(calls.lines().count(), 15);
    for line in calls.lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        // The inspector asks for our maximum once it has read the version document.
        let version = call["version"].as_str().map_or("", |_| "1.95");
        let (method, path) = (call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
        let answer = service.send(request(method, path, version, &call["request_body"])).await;
        assert_eq!(u64::from(answer.status.as_u16()), call["status"].as_u64().unwrap(), "{method} {path}: {answer:?}");
        assert_eq!(answer.header("location").is_empty(), call["location"].is_null(), "{method} {path}");
        let recorded = &call["response_body"];
        if path.contains(NODE) || path.contains(PORT) {
            let missing: Vec<_> = shape(recorded).into_iter().filter(|key| answer.body.get(key).is_none()).collect();
            assert!(missing.is_empty(), "{method} {path} lacks {missing:?}");
        }
    }
    let node = service.latest("GET", &format!("/v1/nodes/{NODE}"), &Value::Null).await.body;
    assert_eq!(node["properties"], call_results());
    assert_eq!(node["power_state"], "power off");
    let port = service.latest("GET", &format!("/v1/ports/{PORT}"), &Value::Null).await.body;
    assert_eq!(port["local_link_connection"], json!({"switch_id": "88:5a:92:ec:54:59", "port_id": "Ethernet1/1"}));
}

/// The properties that the recorded patches leave.
fn call_results() -> Value {
    let patches = include_str!("../../../wire/tests/data/inspector-to-ironic.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|call| call["method"] == "PATCH")
        .flat_map(|call| call["request_body"].as_array().unwrap().clone());
    let properties: BTreeMap<String, Value> = patches
        .filter_map(|patch| {
            let name = patch["path"].as_str().unwrap().strip_prefix("/properties/")?.to_owned();
            Some((name, patch["value"].clone()))
        })
        .collect();
    json!(properties)
}
