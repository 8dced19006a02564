//! What can't be isolated is refused before power is touched, or fails with the reason.

use assay_sim::CloudSetup;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Isolated, setup};
use crate::{last_error, silent};

/// What the API answers to the verb `inspect`; nothing has happened then.
async fn refusal(it: &Isolated) -> String {
    let path = format!("/v1/nodes/{}/states/provision", it.node);
    let reply = it.site.rest.ask(Method::PUT, &path, Some(&json!({"target": "inspect"}))).await.unwrap();
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(it.site.world.machine(0).state().writes.is_empty());
    assert_eq!(it.ours(), Vec::<Value>::new());
    reply.fault()
}

#[tokio::test]
async fn a_network_that_is_absent_or_ambiguous_is_refused_by_name() {
    for (network, told) in [
        ("", "UUID or name of inspection_network is not set"),
        ("nowhere", "inspection_network with name or UUID nowhere was not found"),
        ("twice", "More than one inspection_network was found for name twice"),
        ("11111111-2222-4333-8444-555555555555", "was not found"),
    ] {
        let it = Isolated::with(silent(), setup(), &[("OS_NEUTRON__INSPECTION_NETWORK", network)], |_| {}).await;
        let fault = refusal(&it).await;
        assert!(fault.contains(told), "{network}: {fault}");
    }
}

#[tokio::test]
async fn ports_without_link_are_named_before_any_power_action() {
    let it = Isolated::new(silent()).await;
    let ports = it.site.rest.get(&format!("/v1/nodes/{}/ports", it.node)).await.unwrap();
    let ids: Vec<&str> = ports["ports"].as_array().unwrap().iter().filter_map(|port| port["uuid"].as_str()).collect();
    let patch = json!([{"op": "replace", "path": "/local_link_connection", "value": {}}]);
    for (id, all) in [(ids[0], false), (ids[1], true)] {
        let changed = it.site.rest.ask(Method::PATCH, &format!("/v1/ports/{id}"), Some(&patch)).await.unwrap();
        assert!(changed.status.is_success(), "{changed:?}");
        let validated = it.site.rest.get(&format!("/v1/nodes/{}/validate", it.node)).await.unwrap();
        let network = &validated["network"];
        assert_eq!(network["result"], json!(!all), "{network}");
        let told = network["reason"].as_str().unwrap_or_default();
        assert!(told.contains(id) && told.contains("has no local_link_connection"), "{told}");
    }
    let fault = refusal(&it).await;
    assert!(ids.iter().all(|id| fault.contains(id)), "{fault}");
}

#[tokio::test]
async fn what_neutron_can_not_bind_or_give_fails_with_its_reason() {
    let link = |info: &str| json!({"switch_info": info, "switch_id": "52:54:00:aa:bb:0f", "port_id": "swp9"});
    for (network, link, told) in [
        ("inspection", link("unknown"), "binding:vif_type is binding_failed"),
        (
            "inspection",
            json!({"switch_info": "dead-switch", "switch_id": "52:54:00:aa:bb:02", "port_id": "swp9"}),
            "GenericSwitchNetmikoConnectError",
        ),
        ("full", json!(null), "IpAddressGenerationFailure"),
    ] {
        let it = Isolated::with(silent(), setup(), &[("OS_NEUTRON__INSPECTION_NETWORK", network)], |_| {}).await;
        if !link.is_null() {
            it.port("52:54:00:00:99:99".parse().unwrap(), link).await;
        }
        let node = it.inspect("inspect failed").await;
        assert!(last_error(&node).contains(told), "{told}: {}", last_error(&node));
        it.until_nothing_left().await;
    }
}

#[tokio::test]
async fn a_quota_and_a_missing_role_are_told() {
    let poor = CloudSetup { port_quota: 1, ..setup() };
    let it = Isolated::with(silent(), poor, &[], |_| {}).await;
    let node = it.inspect("inspect failed").await;
    assert!(last_error(&node).contains("OverQuota"), "{}", last_error(&node));
    it.assert_nothing_left().await;

    let mut weak = setup();
    weak.users[0].roles.retain(|role| *role != "service");
    let it = Isolated::with(silent(), weak, &[], |_| {}).await;
    let node = it.inspect("inspect failed").await;
    assert!(last_error(&node).contains("role service"), "{}", last_error(&node));
    it.assert_nothing_left().await;
}

#[tokio::test]
async fn security_groups_that_are_not_there_are_named() {
    let groups = [("OS_NEUTRON__INSPECTION_NETWORK_SECURITY_GROUPS", "inspection,absent")];
    let it = Isolated::with(silent(), setup(), &groups, |_| {}).await;
    let validated = it.site.rest.get(&format!("/v1/nodes/{}/validate", it.node)).await.unwrap();
    assert!(validated["network"]["reason"].as_str().unwrap().contains("[absent]"), "{validated}");
}
