//! What this service does not keep is answered as by an installation without any, or says so.

use serde_json::{Value, json};

use crate::service::Service;

const NODE: &str = "11111111-2222-4333-8444-000000000001";
const CHILD: &str = "11111111-2222-4333-8444-000000000002";

async fn with_parent_and_child() -> Service {
    let service = Service::start().await;
    for node in [
        json!({"uuid": NODE, "name": "gold1", "driver": "fake-hardware", "shard": "east"}),
        json!({"uuid": CHILD, "driver": "fake-hardware", "parent_node": NODE}),
    ] {
        assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    }
    service
}

#[tokio::test]
async fn lists_of_what_is_not_kept_are_empty() {
    let service = with_parent_and_child().await;
    for (path, expected) in [
        ("/v1/chassis", json!({"chassis": []})),
        ("/v1/chassis/detail", json!({"chassis": []})),
        ("/v1/allocations", json!({"allocations": []})),
        ("/v1/deploy_templates", json!({"deploy_templates": []})),
        ("/v1/runbooks", json!({"runbooks": []})),
        ("/v1/volume/connectors", json!({"connectors": []})),
        ("/v1/volume/targets", json!({"targets": []})),
        ("/v1/nodes/gold1/firmware", json!({"firmware": []})),
        ("/v1/nodes/gold1/volume/targets", json!({"targets": []})),
        ("/v1/nodes/gold1/management/indicators", json!({"indicators": []})),
        ("/v1/nodes/gold1/vifs", json!({"vifs": []})),
    ] {
        let answer = service.latest("GET", path, &Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn shards_and_children_are_those_of_the_nodes() {
    let service = with_parent_and_child().await;
    let shards = service.latest("GET", "/v1/shards", &Value::Null).await.body;
    assert_eq!(shards, json!({"shards": [{"name": "None", "count": 1}, {"name": "east", "count": 1}]}));
    let children = service.latest("GET", "/v1/nodes/gold1/children", &Value::Null).await.body;
    assert_eq!(children["children"], json!([CHILD]));
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_with_the_reason() {
    let service = with_parent_and_child().await;
    let no = |method: &str| format!("Driver fake-hardware does not support {method} (disabled or not implemented).");
    for (method, path, status, text) in [
        ("PUT", "/v1/nodes/gold1/states/boot_mode", 400, no("set_boot_mode")),
        ("PUT", "/v1/nodes/gold1/states/secure_boot", 400, no("set_secure_boot_state")),
        ("PUT", "/v1/nodes/gold1/states/console", 400, no("console")),
        ("POST", "/v1/nodes/gold1/vifs", 400, no("vif_attach")),
        ("DELETE", "/v1/nodes/gold1/vifs/x", 400, no("vif_detach")),
        ("DELETE", "/v1/nodes/gold1/vmedia", 400, no("detach_virtual_media")),
        ("PUT", "/v1/nodes/nosuch/states/boot_mode", 404, "Node nosuch could not be found.".to_owned()),
        ("POST", "/v1/chassis", 404, "Chassis could not be created: this service keeps none.".to_owned()),
        ("PATCH", "/v1/chassis/x", 404, "Chassis x could not be found.".to_owned()),
        ("GET", "/v1/chassis/x/nodes", 404, "Chassis x could not be found.".to_owned()),
        ("GET", "/v1/nodes/gold1/bios/x", 404, format!("Node {NODE} doesn't have a BIOS setting 'x'")),
        ("GET", "/v1/lookup?addresses=52:54:00:00:00:01", 404, "Lookup is not served: ".to_owned()),
        ("POST", &format!("/v1/heartbeat/{NODE}"), 404, "Heartbeats are not served: ".to_owned()),
        ("POST", "/v1/events", 404, "Events are not served: ".to_owned()),
    ] {
        let answer = service.latest(method, path, &Value::Null).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.refusal().starts_with(&text), "{method} {path}: {}", answer.refusal());
    }
}
