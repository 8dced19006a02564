//! What the recorded exchanges do not hold: refusals, paging, secrets, drivers, the timeline.

use std::time::Duration;

use assay_core::id::{NodeId, RunId};
use assay_store::{nodes, runs, timeline};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::service::{Service, request};

const NODE: &str = "11111111-2222-4333-8444-000000000001";
const PORT: &str = "11111111-2222-4333-8444-0000000000a1";
const GROUP: &str = "11111111-2222-4333-8444-0000000000f1";

async fn with_node() -> Service {
    let service = Service::start().await;
    let node = json!({
        "uuid": NODE, "name": "gold1", "driver": "fake-hardware",
        "driver_info": {"redfish_username": "admin", "redfish_password": "hunter2"},
    });
    assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    service
}

#[tokio::test]
async fn wrong_requests_are_refused_in_the_words_of_the_field() {
    let service = with_node().await;
    for (method, path, body, status, text) in [
        ("GET", "/v1/nodes?b=1&a=2", Value::Null, 400, "Unexpected arguments: a, b"),
        ("GET", "/v1/nodes?limit=x", Value::Null, 400, "Expected an integer for limit: x"),
        ("GET", "/v1/nodes/gold1?detail=1", Value::Null, 400, "Unexpected arguments: detail"),
        (
            "GET",
            "/v1/ports?node=a&portgroup=b",
            Value::Null,
            403,
            "Only one of node, portgroup and shard can be given.",
        ),
        ("POST", "/v1/nodes", json!([1]), 400, "Schema error for node: [1] is not of type 'object'"),
        (
            "PATCH",
            "/v1/nodes/gold1?reset_interfaces=true",
            json!([{"op": "add", "path": "/extra/a", "value": 1}]),
            400,
            "The reset_interfaces parameter can only be used when changing the node's driver.",
        ),
        (
            "PUT",
            "/v1/nodes/gold1/states/provision",
            json!({"target": "rebuild"}),
            400,
            "The requested action \"rebuild\" can not be performed on node \"11111111-2222-4333-8444-000000000001\" \
             while it is in state \"enroll\".",
        ),
        ("PUT", "/v1/nodes/gold1/states/power", json!({}), 400, "Missing mandatory argument: target"),
        ("DELETE", "/v1/nodes/gold1/traits/CUSTOM_X", Value::Null, 404, "doesn't have a trait 'CUSTOM_X'"),
        ("GET", "/v1/conductors/nosuch", Value::Null, 404, "Conductor nosuch could not be found."),
        ("GET", "/v1/nodes/gold1/history/x", Value::Null, 404, "History entry x could not be found."),
        ("GET", "/v1/nodes/%ff", Value::Null, 400, ""),
        ("GET", "/v1/chassis/nosuch", Value::Null, 404, "Chassis nosuch could not be found."),
    ] {
        let answer = service.latest(method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(answer.refusal().contains(text), "{method} {path}: {}", answer.refusal());
    }
}

#[tokio::test]
async fn s10_a_body_that_is_no_json_or_too_large_is_the_clients_error() {
    let service = Service::start().await;
    for (body, status) in [(b"{bad".to_vec(), 400), (vec![b'['; 200], 400), (vec![b' '; (1 << 20) + 1], 413)] {
        let mut asked = request("POST", "/v1/nodes", "latest", &Value::Null);
        *asked.body_mut() = body.into();
        assert_eq!(service.send(asked).await.status, status);
    }
}

#[tokio::test]
async fn s10_no_request_makes_the_service_fail() {
    let service = with_node().await;
    let port = json!({"uuid": PORT, "node_uuid": NODE, "address": "52:54:00:00:00:01"});
    assert_eq!(service.latest("POST", "/v1/ports", &port).await.status, 201);
    let group = json!({"uuid": GROUP, "node_uuid": NODE});
    assert_eq!(service.latest("POST", "/v1/portgroups", &group).await.status, 201);
    let nested = (0..24).fold(json!(1), |inner, _| json!([inner]));
    let bodies = [
        Value::Null,
        json!([]),
        json!({}),
        json!("x"),
        json!(-1e300),
        nested,
        json!({"target": null}),
        json!({"target": {"a": []}}),
        json!({"driver": "\u{0}", "name": "\u{202e}", "properties": null, "uuid": ""}),
        json!({"address": "\u{0}", "node_uuid": "%00", "local_link_connection": {"port_id": null}}),
        json!({"node_uuid": "\u{0}", "mode": {}, "properties": [], "standalone_ports_supported": 1}),
        json!([{"op": "remove", "path": "/mode"}, {"op": "add", "path": "/node_uuid", "value": null}]),
        json!({"boot_device": [], "persistent": "perhaps"}),
        json!({"traits": [null, 1, "CUSTOM_"], "reason": {}}),
        json!([{"op": "add", "path": "/extra/a/b/c", "value": 1}]),
        json!([{"op": "replace", "path": "/driver", "value": "nosuch"}, {"op": "remove", "path": "/driver"}]),
        json!([{"op": "add", "path": "/properties/\u{e9}", "value": u64::MAX}, {"op": "remove", "path": "/uuid"}]),
        json!([{"op": "add", "path": "/extra/18446744073709551616", "value": null}]),
        json!([null]),
    ];
    let node = format!("/v1/nodes/{NODE}");
    let paths = ["", "/states/provision", "/states/power", "/maintenance", "/management/boot_device", "/traits"];
    let mut targets: Vec<(&str, String)> = paths.iter().map(|below| ("PUT", format!("{node}{below}"))).collect();
    targets.extend([
        ("POST", "/v1/nodes".to_owned()),
        ("POST", "/v1/ports".to_owned()),
        ("POST", "/v1/portgroups".to_owned()),
        ("POST", "/v1/continue_inspection".to_owned()),
        ("PATCH", node),
        ("PATCH", format!("/v1/ports/{PORT}")),
        ("PATCH", format!("/v1/portgroups/{GROUP}")),
        ("GET", "/v1/nodes?limit=%00&marker=%ff&sort_key=%27&fields=,&a[]=1".to_owned()),
        ("GET", "/v1/nodes?description_contains=%25%27%22%00!&sort_key=description".to_owned()),
        ("GET", "/v1/nodes/%00%27%22".to_owned()),
        ("GET", "/v1//nodes//..//".to_owned()),
    ]);
    for (method, path) in &targets {
        for body in &bodies {
            let answer = service.latest(method, path, body).await;
            assert!(answer.status.as_u16() < 500, "{method} {path} {body}: {answer:?}");
            assert!(answer.body.is_null() || answer.body.is_object(), "{method} {path} {body}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn s13_no_answer_holds_a_password() {
    let service = with_node().await;
    let patch = |path: &str, value: &str| json!([{"op": "replace", "path": path, "value": value}]);
    for (method, path, body) in [
        ("GET", "/v1/nodes/gold1", Value::Null),
        ("GET", "/v1/nodes/detail", Value::Null),
        ("GET", "/v1/nodes?fields=driver_info", Value::Null),
        ("PATCH", "/v1/nodes/gold1", patch("/driver_info/redfish_password", "hunter2")),
        ("PATCH", "/v1/nodes/gold1", patch("/driver_info/x/redfish_password", "hunter2")),
        ("POST", "/v1/nodes", json!({"driver": "fake-hardware", "driver_info": [{"redfish_password": "hunter2"}]})),
    ] {
        let answer = service.latest(method, path, &body).await;
        assert!(!answer.body.to_string().contains("hunter2"), "{method} {path}: {answer:?}");
    }
    let shown = service.latest("GET", "/v1/nodes/gold1", &Value::Null).await.body;
    assert_eq!(shown["driver_info"], json!({"redfish_username": "admin", "redfish_password": "******"}));
}

#[tokio::test]
async fn a_list_is_paged_to_its_end_with_every_filter_kept() {
    let service = Service::start().await;
    for number in 0..5 {
        let owner = if number == 2 { "other" } else { "mine" };
        let node = json!({"driver": "fake-hardware", "name": format!("n{number}"), "owner": owner});
        assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    }
    let mut path = "/v1/nodes?owner=mine&limit=2&sort_key=name&sort_dir=desc".to_owned();
    let mut names = Vec::new();
    loop {
        let page = service.latest("GET", &path, &Value::Null).await.body;
        names.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = next.strip_prefix("http://127.0.0.1:16385").unwrap().to_owned();
    }
    assert_eq!(names, ["n4", "n3", "n1", "n0"]);
}

#[tokio::test]
async fn a_list_of_some_fields_is_the_detailed_list_without_the_others() {
    let service = with_node().await;
    let reserved = service.store.write(|tx| {
        let node: NodeId = NODE.parse().unwrap();
        Box::pin(async move { nodes::reserve(tx, node, "here", Duration::from_secs(60)).await })
    });
    reserved.await.unwrap();
    for minor in [8, 31, 95] {
        let detail = service.ask(minor, "GET", "/v1/nodes/detail", &Value::Null).await.body;
        let all = detail["nodes"][0].as_object().unwrap();
        let names = all.keys().filter(|name| *name != "links");
        let mut cases: Vec<Vec<&str>> = names.map(|name| vec![name.as_str()]).collect();
        cases.extend([vec!["name", "uuid"], vec!["provision_state", "uuid", "power_state"], vec!["name", "driver"]]);
        for fields in cases {
            let path = format!("/v1/nodes?fields={}", fields.join(","));
            let listed = service.ask(minor, "GET", &path, &Value::Null).await.body;
            let shown = |(name, _): &(&String, &Value)| name.as_str() == "links" || fields.contains(&name.as_str());
            let expected: Map<String, Value> =
                all.iter().filter(shown).map(|(name, value)| (name.clone(), value.clone())).collect();
            assert_eq!(listed["nodes"], json!([expected]), "{path} in 1.{minor}");
        }
    }
}

#[tokio::test]
async fn a_driver_tells_its_interfaces_since_it_has_any() {
    let service = Service::start().await;
    let driver = service.latest("GET", "/v1/drivers/fake-hardware", &Value::Null).await.body;
    assert_eq!(driver["type"], "dynamic");
    assert_eq!(driver["default_inspect_interface"], driver["enabled_inspect_interfaces"][0]);
    let old = service.ask(29, "GET", "/v1/drivers/fake-hardware", &Value::Null).await.body;
    assert!(old.get("default_inspect_interface").is_none() && old.get("properties").is_some());
    let properties = service.latest("GET", "/v1/drivers/fake-hardware/properties", &Value::Null).await;
    assert!(properties.status == 200 && properties.body.is_object());
}

#[tokio::test]
async fn the_timeline_is_that_of_the_latest_inspection() {
    let service = with_node().await;
    let path = "/v1/nodes/gold1/timeline";
    let none = service.latest("GET", path, &Value::Null).await.body;
    assert_eq!(none, json!({"run": null, "phase": null, "events": []}));
    let at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let node: NodeId = NODE.parse().unwrap();
    let inspection = RunId(Uuid::from_u128(1));
    let entry = timeline::Entry { at, event: "power".to_owned(), text: "switched off".to_owned() };
    let written = service.store.write(move |tx| {
        Box::pin(async move {
            for (id, kind) in [(inspection, "inspect"), (RunId(Uuid::from_u128(2)), "power")] {
                let run = runs::RunRow {
                    id,
                    node_id: node,
                    kind: kind.to_owned(),
                    phase: "wait".to_owned(),
                    open: true,
                    exclusive: kind == "inspect",
                    wake_at: None,
                    created_at: at,
                    ended_at: None,
                    version: 1,
                    doc: "{}".to_owned(),
                    asked: None,
                };
                runs::insert(tx, &run, runs::Kept::default()).await?;
            }
            timeline::append(tx, inspection, [entry]).await
        })
    });
    written.await.unwrap();
    assert_eq!(
        service.latest("GET", path, &Value::Null).await.body,
        json!({"run": inspection, "phase": "wait", "events": [
            {"at": "2026-01-01T00:00:00.000000+00:00", "event": "power", "text": "switched off"},
        ]})
    );
}
