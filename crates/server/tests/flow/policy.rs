//! The options and flags that change an inspection, and nodes that go away in the middle of one.

use assay_core::power::PowerState;
use assay_sim::{Ramdisk, Request, Stage, State, harness::PATIENCE};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{callback_of, silent, site};

#[tokio::test]
async fn power_off_false_leaves_a_node_on_after_success_and_off_after_an_abort() {
    let site = site(Ramdisk::default(), &[("OS_INSPECTOR__POWER_OFF", "False")]).await;
    let node = site.enrol(0).await.unwrap();
    let seen = site.inspect(&node, "manageable").await.unwrap();
    assert_eq!(seen["power_state"], "power on");
    let machine = site.world.machine(0);
    assert_eq!(machine.state().power, PowerState::On);
    assert!(!machine.state().boot.is_pending());
    assert_eq!(site.boot_script(0).await.unwrap(), StatusCode::NOT_FOUND);

    machine.load(silent());
    callback_of(&site, &node).await;
    site.rest.provision(&node, "abort").await.unwrap();
    site.wait_for(&node, "inspect failed").await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn a_node_that_must_not_be_powered_off_is_rebooted_into_and_out_of_the_ramdisk() {
    let site = site(Ramdisk::default(), &[]).await;
    let mut body = site.node(0);
    body["disable_power_off"] = json!(true);
    let node = site.enrol_as(body).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let state = site.world.machine(0).state();
    assert_eq!(state.power, PowerState::On);
    assert!(!state.writes.contains(&Request::PowerOff), "{:?}", state.writes);
    assert!(!state.boot.is_pending());
    assert_eq!(state.boots.len(), 2);
    assert_eq!(state.boots[1].reached, [Stage::Disk]);
    assert_eq!(site.boot_script(0).await.unwrap(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn unmanaged_inspection_is_refused_with_the_reason_where_managed_boot_is_required() {
    let site = site(Ramdisk::default(), &[("OS_INSPECTOR__REQUIRE_MANAGED_BOOT", "True")]).await;
    let body = json!({"driver": "fake-hardware", "boot_interface": "fake", "inspect_interface": "agent"});
    let node = site.enrol_as(body).await.unwrap();
    let target = json!({"target": "inspect"});
    let refused =
        site.rest.ask(Method::PUT, &format!("/v1/nodes/{node}/states/provision"), Some(&target)).await.unwrap();
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.fault().contains("validate_inspection"), "{}", refused.fault());
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "manageable");
}

#[tokio::test]
async fn s1_a_node_deleted_in_the_middle_is_undone_all_the_same() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    callback_of(&site, &node).await;
    site.rest.put(&format!("/v1/nodes/{node}/maintenance"), &json!({})).await.unwrap();
    site.rest.delete(&node).await.unwrap();
    assert_eq!(site.rest.ask(Method::GET, &format!("/v1/nodes/{node}"), None).await.unwrap().status, 404);
    let off = |state: &State| state.power == PowerState::Off && !state.boot.is_pending();
    site.world.machine(0).wait_for("rest", PATIENCE, off).await.unwrap();
    let began = std::time::Instant::now();
    while let Err(left) = site.assert_nothing_left(0).await {
        assert!(began.elapsed() < PATIENCE, "{left}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
