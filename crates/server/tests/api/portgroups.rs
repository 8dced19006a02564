//! Port groups, and the ports in them.

use std::time::Duration;

use assay_core::{id::NodeId, provision::ProvisionState};
use assay_store::nodes::{self, Guard};
use serde_json::{Value, json};

use crate::service::{Answer, Service, settings};

const NODE: &str = "11111111-2222-4333-8444-000000000001";
const OTHER: &str = "11111111-2222-4333-8444-000000000002";
const GROUP: &str = "11111111-2222-4333-8444-0000000000f1";
const PORT: &str = "11111111-2222-4333-8444-0000000000a1";
const NOBODY: &str = "99999999-2222-4333-8444-000000000001";

/// Two nodes; the first has a group and a port that is not in it.
async fn with_group() -> Service {
    let service = Service::start().await;
    for (path, body) in [
        ("/v1/nodes", json!({"uuid": NODE, "name": "gold1", "driver": "fake-hardware", "network_interface": "noop"})),
        ("/v1/nodes", json!({"uuid": OTHER, "name": "gold2", "driver": "fake-hardware", "network_interface": "noop"})),
        ("/v1/portgroups", json!({"uuid": GROUP, "node_uuid": NODE, "name": "bond0", "address": "52:54:00:00:00:F0"})),
        ("/v1/ports", json!({"uuid": PORT, "node_uuid": NODE, "address": "52:54:00:00:00:01"})),
    ] {
        made(&service, path, &body).await;
    }
    service
}

async fn made(service: &Service, path: &str, body: &Value) -> Value {
    let answer = service.latest("POST", path, body).await;
    assert_eq!(answer.status, 201, "{path}: {answer:?}");
    answer.body
}

async fn patched(service: &Service, path: &str, field: &str, value: Value) -> Answer {
    let path = path.replace("{group}", GROUP).replace("{port}", PORT);
    let operation = json!([{"op": "add", "path": format!("/{field}"), "value": value}]);
    service.latest("PATCH", &path, &operation).await
}

/// The UUIDs of a list.
async fn listed(service: &Service, path: &str) -> Vec<String> {
    let answer = service.latest("GET", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let key = answer.body.as_object().unwrap().keys().find(|key| *key != "next").unwrap().clone();
    let objects = answer.body[key].as_array().unwrap();
    objects.iter().map(|object| object["uuid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_group_has_the_configured_mode_unless_it_says_another() {
    let configured = assay::api::Settings { default_portgroup_mode: "balance-rr".to_owned(), ..settings() };
    let service = Service::with(configured, assay::api::Auth::Noauth).await;
    made(&service, "/v1/nodes", &json!({"uuid": NODE, "driver": "fake-hardware"})).await;
    let group = made(&service, "/v1/portgroups", &json!({"node_uuid": NODE})).await;
    assert_eq!((&group["mode"], &group["standalone_ports_supported"]), (&json!("balance-rr"), &json!(true)));
    let group = made(&service, "/v1/portgroups", &json!({"node_uuid": NODE, "mode": "802.3ad"})).await;
    assert_eq!(group["mode"], "802.3ad");
}

#[tokio::test]
async fn a_group_is_found_by_what_it_is_asked_for() {
    let service = with_group().await;
    made(&service, "/v1/portgroups", &json!({"node_uuid": OTHER, "name": "bond1", "mode": "0"})).await;
    for (path, count) in [
        ("/v1/portgroups", 2),
        ("/v1/portgroups/detail", 2),
        ("/v1/portgroups?node=gold1", 1),
        ("/v1/portgroups?address=52-54-00-00-00-F0", 1),
        ("/v1/portgroups?address=52:54:00:00:00:01", 0),
        ("/v1/nodes/gold1/portgroups", 1),
        ("/v1/nodes/gold2/portgroups/detail", 1),
    ] {
        assert_eq!(listed(&service, path).await.len(), count, "{path}");
    }
    let page = service.latest("GET", "/v1/portgroups?sort_key=mode&limit=1&fields=name", &Value::Null).await.body;
    assert_eq!(page["portgroups"][0]["name"], "bond1");
    let next = page["next"].as_str().unwrap().strip_prefix("http://127.0.0.1:16385").unwrap();
    let rest = service.latest("GET", next, &Value::Null).await.body;
    assert_eq!(rest["portgroups"][0]["name"], "bond0");
    let detail = service.latest("GET", "/v1/nodes/gold1/portgroups?detail=true", &Value::Null).await.body;
    let alone = service.latest("GET", "/v1/portgroups/bond0", &Value::Null).await.body;
    assert_eq!(detail["portgroups"], json!([alone]));
}

#[tokio::test]
async fn mode_and_properties_are_younger_than_groups() {
    let service = with_group().await;
    let group = json!({"node_uuid": NODE, "mode": "802.3ad"});
    let mode = json!([{"op": "replace", "path": "/mode", "value": "4"}]);
    for (minor, made, changed) in [(25, 406, 406), (26, 201, 200)] {
        assert_eq!(service.ask(minor, "POST", "/v1/portgroups", &group).await.status, made);
        assert_eq!(service.ask(minor, "PATCH", "/v1/portgroups/bond0", &mode).await.status, changed);
        let shown = service.ask(minor, "GET", "/v1/portgroups/bond0", &Value::Null).await.body;
        assert_eq!(shown.get("mode").is_some(), made == 201, "{shown}");
        let asked = service.ask(minor, "GET", "/v1/portgroups?fields=properties", &Value::Null).await;
        assert_eq!(asked.status, if made == 201 { 200 } else { 406 });
    }
}

#[tokio::test]
async fn a_port_joins_a_group_and_is_listed_in_it() {
    let service = with_group().await;
    let member = json!({"node_uuid": NODE, "address": "52:54:00:00:00:02", "portgroup_uuid": GROUP});
    let second = made(&service, "/v1/ports", &member).await;
    assert_eq!(second["portgroup_uuid"], GROUP);
    let joined = patched(&service, "/v1/ports/{port}", "portgroup_uuid", json!(GROUP)).await;
    assert_eq!((joined.status.as_u16(), &joined.body["portgroup_uuid"]), (200, &json!(GROUP)));
    let both = vec![PORT.to_owned(), second["uuid"].as_str().unwrap().to_owned()];
    for path in ["/v1/portgroups/bond0/ports", "/v1/portgroups/bond0/ports/detail", "/v1/ports?portgroup=bond0"] {
        let mut found = listed(&service, path).await;
        found.sort();
        let mut expected = both.clone();
        expected.sort();
        assert_eq!(found, expected, "{path}");
    }
    let left = patched(&service, "/v1/ports/{port}", "portgroup_uuid", Value::Null).await;
    assert_eq!((left.status.as_u16(), &left.body["portgroup_uuid"]), (200, &Value::Null));
    assert_eq!(listed(&service, "/v1/portgroups/bond0/ports").await, both[1..]);
}

/// Asks each, and expects status and text.
async fn refused(service: &Service, cases: &[(&str, &str, Value, u16, String)]) {
    for (method, path, body, status, text) in cases {
        let answer = service.latest(method, &path.replace("{port}", PORT), body).await;
        assert_eq!(answer.status, *status, "{method} {path} {body}: {answer:?}");
        assert_eq!(answer.refusal(), *text, "{method} {path} {body}");
    }
}

fn absent(kind: &str, ident: &str) -> String {
    format!("{kind} {ident} could not be found.")
}

#[tokio::test]
async fn what_does_not_exist_or_is_anothers_is_refused_in_the_words_of_the_field() {
    let service = with_group().await;
    let joins = json!([{"op": "add", "path": "/portgroup_uuid", "value": NOBODY}]);
    let moves = json!([{"op": "replace", "path": "/node_uuid", "value": NOBODY}]);
    let port = json!({"node_uuid": NODE, "address": "52:54:00:00:00:09", "portgroup_uuid": NOBODY});
    let same_mac = json!({"node_uuid": OTHER, "address": "52:54:00:00:00:f0"});
    let in_use = "A portgroup with MAC address 52:54:00:00:00:f0 already exists.".to_owned();
    let unsortable = "The sort_key value \"properties\" is an invalid field for sorting".to_owned();
    let cases = [
        ("POST", "/v1/portgroups", json!({"node_uuid": NOBODY}), 400, absent("Node", NOBODY)),
        ("POST", "/v1/portgroups", same_mac, 409, in_use),
        ("POST", "/v1/ports", port, 400, absent("Portgroup", NOBODY)),
        ("PATCH", "/v1/ports/{port}", joins, 400, absent("Portgroup", NOBODY)),
        ("PATCH", "/v1/ports/{port}", moves.clone(), 400, absent("Node", NOBODY)),
        ("PATCH", "/v1/portgroups/bond0", moves, 400, absent("Node", NOBODY)),
        ("GET", "/v1/ports?portgroup=nosuch", Value::Null, 404, absent("Portgroup", "nosuch")),
        ("GET", "/v1/portgroups/nosuch/ports", Value::Null, 404, absent("Portgroup", "nosuch")),
        ("GET", "/v1/portgroups?node=nosuch", Value::Null, 404, absent("Node", "nosuch")),
        ("GET", "/v1/nodes/nosuch/portgroups", Value::Null, 404, absent("Node", "nosuch")),
        ("GET", "/v1/portgroups?sort_key=properties", Value::Null, 400, unsortable),
    ];
    refused(&service, &cases).await;
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_in_the_words_of_the_field() {
    let service = with_group().await;
    let alone = json!({"node_uuid": NODE, "name": "alone", "standalone_ports_supported": false});
    let alone = made(&service, "/v1/portgroups", &alone).await["uuid"].clone();
    let port = |node: &str, group: &Value, network: Option<&str>, boots: Option<bool>| {
        json!({
            "node_uuid": node, "address": "52:54:00:00:00:09", "portgroup_uuid": group, "physical_network": network,
            "pxe_enabled": boots,
        })
    };
    let group = json!(GROUP);
    let first =
        json!({"node_uuid": NODE, "address": "52:54:00:00:00:02", "portgroup_uuid": GROUP, "physical_network": "a"});
    made(&service, "/v1/ports", &first).await;
    let joins = json!([{"op": "add", "path": "/portgroup_uuid", "value": GROUP}]);
    let moves = json!([{"op": "replace", "path": "/node_uuid", "value": OTHER}]);
    let stranger = "Port can not be added to a portgroup belonging to a different node.".to_owned();
    let network = format!(
        "Port with physical network None cannot become a member of port group {GROUP} which has ports in physical network a."
    );
    let stands_alone = format!(
        "Port group {} doesn't support standalone ports. This port cannot be created as a member of that portgroup as the \
         port's 'pxe_enabled' field was set to True.",
        alone.as_str().unwrap()
    );
    let with_ports = format!(
        "Portgroup {GROUP} can not be associated with node {OTHER} because there are ports associated with this portgroup."
    );
    let not_empty = format!("Cannot complete the requested action because portgroup {GROUP} contains ports.");
    let cases = [
        ("POST", "/v1/ports", port(OTHER, &group, Some("a"), None), 400, stranger),
        ("POST", "/v1/ports", port(NODE, &group, None, None), 409, network.clone()),
        ("PATCH", "/v1/ports/{port}", joins, 409, network),
        ("POST", "/v1/ports", port(NODE, &alone, None, Some(true)), 409, stands_alone),
        ("PATCH", "/v1/portgroups/bond0", moves.clone(), 400, with_ports),
        ("DELETE", "/v1/portgroups/bond0", Value::Null, 400, not_empty),
    ];
    refused(&service, &cases).await;
    assert_eq!(service.latest("PATCH", "/v1/portgroups/alone", &moves).await.status, 200);
    let unsaid = service.latest("POST", "/v1/ports", &port(OTHER, &alone, None, None)).await;
    assert_eq!((unsaid.status.as_u16(), &unsaid.body["pxe_enabled"]), (201, &json!(true)), "{unsaid:?}");
}

#[tokio::test]
async fn a_port_in_a_group_does_not_move_to_another_node() {
    let service = with_group().await;
    assert_eq!(patched(&service, "/v1/ports/{port}", "portgroup_uuid", json!(GROUP)).await.status, 200);
    let moved = patched(&service, "/v1/ports/{port}", "node_uuid", json!(OTHER)).await;
    assert_eq!(moved.status, 400, "{moved:?}");
    assert_eq!(patched(&service, "/v1/ports/{port}", "portgroup_uuid", Value::Null).await.status, 200);
    assert_eq!(patched(&service, "/v1/ports/{port}", "node_uuid", json!(OTHER)).await.status, 200);
}

#[tokio::test]
async fn a_port_changes_its_group_only_while_its_node_is_not_in_use() {
    let service = with_group().await;
    for (state, status) in [
        (ProvisionState::Enroll, 200),
        (ProvisionState::Inspecting, 409),
        (ProvisionState::InspectWait, 200),
        (ProvisionState::Available, 409),
        (ProvisionState::Manageable, 200),
    ] {
        brought_to(&service, state).await;
        for group in [json!(GROUP), Value::Null] {
            let changed = patched(&service, "/v1/ports/{port}", "portgroup_uuid", group.clone()).await;
            let is_no_change = status == 409 && state == ProvisionState::Available && group.is_null();
            assert_eq!(changed.status.as_u16(), if is_no_change { 200 } else { status }, "{state}: {changed:?}");
        }
        let renamed = patched(&service, "/v1/portgroups/{group}", "name", json!("bond7")).await;
        assert_eq!(renamed.status.as_u16(), if state == ProvisionState::Inspecting { 409 } else { 200 }, "{state}");
    }
}

async fn brought_to(service: &Service, state: ProvisionState) {
    let written = service.store.write(move |tx| {
        Box::pin(async move {
            let row = nodes::get(tx, NODE.parse::<NodeId>().unwrap()).await?;
            let node = assay_core::node::Node { provision_state: state, ..row.node };
            nodes::update(tx, &node, Guard::Unreserved { version: row.version }).await
        })
    });
    written.await.unwrap();
}

#[tokio::test]
async fn a_locked_nodes_groups_are_read_and_made_but_neither_changed_nor_deleted() {
    let service = with_group().await;
    let node: NodeId = NODE.parse().unwrap();
    let reserved = service.store.write(move |tx| {
        Box::pin(async move { nodes::reserve(tx, node, "other", Duration::from_secs(60)).await.map(drop) })
    });
    reserved.await.unwrap();
    let locked = format!("Node {NODE} is locked by host other, please retry after the current operation is completed.");
    let deleted = service.latest("DELETE", "/v1/portgroups/bond0", &Value::Null).await;
    for refused in [patched(&service, "/v1/portgroups/{group}", "name", json!("bond7")).await, deleted] {
        assert_eq!((refused.status.as_u16(), refused.refusal()), (409, locked.clone()));
    }
    assert_eq!(listed(&service, "/v1/nodes/gold1/portgroups").await, [GROUP]);
    made(&service, "/v1/portgroups", &json!({"node_uuid": NODE, "name": "bond1"})).await;
}

#[tokio::test]
async fn groups_are_gone_when_they_are_deleted_and_with_their_node() {
    let service = with_group().await;
    made(&service, "/v1/portgroups", &json!({"node_uuid": OTHER, "name": "bond1"})).await;
    assert_eq!(service.latest("DELETE", "/v1/portgroups/bond0", &Value::Null).await.status, 204);
    let again = service.latest("DELETE", "/v1/portgroups/bond0", &Value::Null).await;
    assert_eq!((again.status.as_u16(), again.refusal().as_str()), (404, "Portgroup bond0 could not be found."));
    assert_eq!(service.latest("DELETE", "/v1/nodes/gold2", &Value::Null).await.status, 204);
    assert!(listed(&service, "/v1/portgroups").await.is_empty());
}
