//! The node's lock: exclusive requests wait a little and are refused, reads never are.

use std::time::Duration;

use assay_core::id::NodeId;
use assay_store::nodes;
use serde_json::{Value, json};

use crate::service::Service;

const NODE: &str = "11111111-2222-4333-8444-000000000001";
const PORT: &str = "11111111-2222-4333-8444-0000000000a1";

async fn locked() -> (Service, i64) {
    let service = Service::start().await;
    let node = json!({"uuid": NODE, "driver": "fake-hardware"});
    assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    let port = json!({"uuid": PORT, "node_uuid": NODE, "address": "52:54:00:00:00:01"});
    assert_eq!(service.latest("POST", "/v1/ports", &port).await.status, 201);
    let id: NodeId = NODE.parse().unwrap();
    let lease = Duration::from_secs(60);
    let reserved = service.store.write(move |tx| Box::pin(async move { nodes::reserve(tx, id, "other", lease).await }));
    let epoch = reserved.await.unwrap();
    (service, epoch)
}

fn node_path(below: &str) -> String {
    format!("/v1/nodes/{NODE}{below}")
}

#[tokio::test]
async fn every_exclusive_request_is_refused_while_the_node_is_locked() {
    let (service, _) = locked().await;
    let extra = json!([{"op": "add", "path": "/extra/k", "value": 1}]);
    for (method, path, body) in [
        ("PATCH", node_path(""), extra.clone()),
        ("DELETE", node_path(""), Value::Null),
        ("PUT", node_path("/states/provision"), json!({"target": "manage"})),
        ("PUT", node_path("/states/provision"), json!({"target": "inspect"})),
        ("PUT", node_path("/states/power"), json!({"target": "power on"})),
        ("PUT", node_path("/management/boot_device"), json!({"boot_device": "pxe"})),
        ("PUT", node_path("/maintenance"), json!({})),
        ("PUT", node_path("/traits"), json!({"traits": []})),
        ("PATCH", format!("/v1/ports/{PORT}"), extra),
        ("DELETE", format!("/v1/ports/{PORT}"), Value::Null),
    ] {
        let answer = service.latest(method, &path, &body).await;
        assert_eq!(answer.status, 409, "{method} {path}: {answer:?}");
        assert_eq!(
            answer.refusal(),
            format!("Node {NODE} is locked by host other, please retry after the current operation is completed.")
        );
    }
}

#[tokio::test]
async fn reads_and_new_ports_need_no_lock() {
    let (service, _) = locked().await;
    for path in ["", "/states", "/validate", "/ports", "/traits", "/history", "/timeline", "/management/boot_device"] {
        assert_eq!(service.latest("GET", &node_path(path), &Value::Null).await.status, 200, "{path}");
    }
    assert_eq!(service.latest("GET", &node_path(""), &Value::Null).await.body["reservation"], "other");
    let port = json!({"node_uuid": NODE, "address": "52:54:00:00:00:02"});
    assert_eq!(service.latest("POST", "/v1/ports", &port).await.status, 201);
}

#[tokio::test]
async fn a_request_waits_for_a_lock_that_is_given_back_soon() {
    let (service, epoch) = locked().await;
    let store = service.store.clone();
    let released = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let id: NodeId = NODE.parse().unwrap();
        store.write(move |tx| Box::pin(async move { nodes::release(tx, id, epoch).await })).await.unwrap();
    });
    let body = json!([{"op": "add", "path": "/extra/k", "value": 1}]);
    assert_eq!(service.latest("PATCH", &node_path(""), &body).await.status, 200);
    released.await.unwrap();
}
