//! Answers that are lost, late, refused or no answers at all.

use std::time::Duration;

use assay_sim::{
    CloudRequest::{CreatePort, DeletePort, ListNetworks, ListPorts, Token},
    Fault, Ramdisk, Times,
};

use reqwest::Method;
use serde_json::json;

use super::Isolated;
use crate::{last_error, silent};

#[tokio::test]
async fn a_lost_answer_makes_no_second_port() {
    for fault in [Fault::CutAfter, Fault::CutBody, Fault::ErrorPage(502), Fault::Refuse(503), Fault::Garbage] {
        let it = Isolated::new(silent()).await;
        it.cloud.inject(CreatePort, fault, Times::Next(1));
        it.inspect("inspect wait").await;
        assert_eq!(it.ours().len(), 2, "{fault:?}");
        it.site.rest.provision(&it.node, "abort").await.unwrap();
        it.wait_for("inspect failed").await;
        it.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn what_neutron_does_not_do_fails_the_inspection_and_leaves_nothing() {
    for (request, fault, told) in [
        (CreatePort, Fault::Refuse(500), "Could not put port "),
        (CreatePort, Fault::Refuse(403), "service"),
        (ListPorts, Fault::Refuse(500), "HTTP 500"),
        (ListPorts, Fault::ErrorPage(502), "HTTP 502"),
        (ListPorts, Fault::Garbage, "not JSON"),
    ] {
        let it = Isolated::new(silent()).await;
        it.cloud.inject(request, fault, Times::Always);
        let node = it.inspect("inspect failed").await;
        assert!(last_error(&node).contains(told), "{request:?} {fault:?}: {}", last_error(&node));
        it.cloud.heal();
        it.until_nothing_left().await;
        let machine = it.site.world.machine(0).state();
        assert!(machine.boots.is_empty(), "{request:?}: it was never switched on");
    }
}

#[tokio::test]
async fn a_neutron_that_can_not_be_asked_refuses_the_inspection_and_is_no_reason_to_fall_back() {
    for (request, fault, told) in [
        (ListNetworks, Fault::Refuse(500), "Could not retrieve network: Neutron at "),
        (Token, Fault::Refuse(401), "HTTP 401"),
        (Token, Fault::Garbage, "not JSON"),
    ] {
        let it = Isolated::new(silent()).await;
        it.cloud.revoke_tokens();
        it.cloud.inject(request, fault, Times::Always);
        let path = format!("/v1/nodes/{}/states/provision", it.node);
        let reply = it.site.rest.ask(Method::PUT, &path, Some(&json!({"target": "inspect"}))).await.unwrap();
        assert_eq!(reply.status, 500, "{reply:?}");
        assert!(reply.fault().contains(told), "{}", reply.fault());
        it.wait_for("manageable").await;
        it.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn s6_a_port_that_neutron_does_not_remove_is_debt_until_it_does() {
    let it = Isolated::new(Ramdisk::default()).await;
    it.cloud.inject(DeletePort, Fault::Refuse(500), Times::Always);
    let node = it.inspect("inspect failed").await;
    assert!(last_error(&node).starts_with("Inspection clean up failed: "), "{}", last_error(&node));
    let inventory = it.site.rest.get(&format!("/v1/nodes/{}/inventory", it.node)).await.unwrap();
    assert!(inventory["inventory"].is_object(), "what was found is kept");
    assert_eq!(it.ours().len(), 2);
    it.cloud.heal();
    it.until_nothing_left().await;
}

#[tokio::test]
async fn s1_neutron_that_is_away_at_the_end_is_asked_when_it_is_back() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    it.cloud.stop_neutron();
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    assert_eq!(it.ours().len(), 2);
    it.cloud.start_neutron().await.unwrap();
    it.until_nothing_left().await;
}

#[tokio::test]
async fn s1_a_neutron_that_is_starting_and_finds_nothing_is_not_believed() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    it.cloud.inject(DeletePort, Fault::ErrorPage(404), Times::Next(2));
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    it.until_nothing_left().await;
}

#[tokio::test]
async fn a_token_that_is_revoked_in_the_middle_is_asked_for_again() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    it.cloud.revoke_tokens();
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    it.assert_nothing_left().await;
    assert_eq!(it.cloud.tokens_issued(), 2);
}

#[tokio::test]
async fn a_neutron_that_hangs_ends_the_inspection_in_time() {
    let it = Isolated::new(silent()).await;
    it.cloud.inject(ListPorts, Fault::Slow(Duration::from_secs(60)), Times::Always);
    let node = it.inspect("inspect failed").await;
    assert!(last_error(&node).contains("no answer in time"), "{}", last_error(&node));
    it.assert_nothing_left().await;
}
