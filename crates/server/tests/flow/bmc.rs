//! BMCs that refuse, lie, talk nonsense or come back late.

use std::time::Duration;

use assay_core::power::PowerState;
use assay_sim::{Fault, Ramdisk, Request, Times, harness::PATIENCE};
use reqwest::StatusCode;

use crate::{last_error, silent, site};

#[tokio::test]
async fn a_bmc_that_refuses_power_on_fails_the_inspection_and_all_is_undone() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.world.inject(None, Request::PowerOn, Fault::Refuse(400), Times::Always);
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    let error = last_error(&seen);
    assert!(error.contains("unable to start inspection"), "{error}");
    assert!(error.contains(site.world.bmc_url().trim_start_matches("http://")), "which BMC? {error}");
    site.assert_nothing_left(0).await.unwrap();

    site.world.heal();
    site.inspect(&node, "manageable").await.unwrap();
}

#[tokio::test]
async fn a_bmc_that_does_what_it_was_asked_but_never_says_so_is_looked_at() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    for request in [Request::SetBoot, Request::PowerOn, Request::PowerOff] {
        site.world.inject(None, request, Fault::CutAfter, Times::Next(1));
    }
    site.rest.provision(&node, "inspect").await.unwrap();
    let ended = |seen: &serde_json::Value| {
        seen["reservation"].is_null()
            && ["manageable", "inspect failed"].iter().any(|end| seen["provision_state"] == *end)
    };
    site.rest.wait_until(&node, "ended", PATIENCE, ended).await.unwrap();
    let off = |state: &assay_sim::State| state.power == PowerState::Off && !state.boot.is_pending();
    site.world.machine(0).wait_for("rest", PATIENCE, off).await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn nonsense_from_the_bmc_is_an_error_that_names_it() {
    let site = site(silent(), &[]).await;
    for fault in [Fault::Garbage, Fault::Refuse(403)] {
        site.world.inject(None, Request::System, fault, Times::Always);
        let mut body = site.node(0);
        body["name"] = serde_json::json!(null);
        let created = site.rest.post("/v1/nodes", &body).await.unwrap();
        let node = created["uuid"].as_str().unwrap();
        site.rest.provision(node, "manage").await.unwrap();
        let failed = |seen: &serde_json::Value| seen["provision_state"] == "enroll" && seen["last_error"].is_string();
        let seen = site.rest.wait_until(node, "refused", PATIENCE, failed).await.unwrap();
        assert!(last_error(&seen).contains("Failed to get power state"), "{}", last_error(&seen));
        assert!(!last_error(&seen).contains(site.world.credentials().1), "{}", last_error(&seen));
        site.world.heal();
    }
}

#[tokio::test]
async fn s1_an_undo_that_the_bmc_refuses_is_paid_when_it_is_back() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.world.inject(None, Request::PowerOff, Fault::Refuse(400), Times::Always);
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    assert!(last_error(&seen).contains("clean up failed"), "{}", last_error(&seen));
    assert_eq!(site.world.machine(0).state().power, PowerState::On);
    assert_eq!(site.boot_script(0).await.unwrap(), StatusCode::NOT_FOUND, "a dead BMC keeps no boot script");
    let said = site.rest.get(&format!("/v1/nodes/{node}/validate")).await.unwrap();
    assert_eq!(said["inspect"]["result"], false);
    let why = said["inspect"]["reason"].as_str().unwrap();
    assert!(why.contains("still owes the clean-up") && why.contains("power off"), "{why}");

    site.world.heal();
    let off = |state: &assay_sim::State| state.power == PowerState::Off;
    site.world.machine(0).wait_for("power off", Duration::from_secs(20), off).await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn s6_a_bmc_that_hangs_does_not_hold_up_the_end_of_a_run_that_has_timed_out() {
    let site = site(Ramdisk::default(), &[("OS_ASSAY__START_TIMEOUT", "3")]).await;
    let node = site.enrol(0).await.unwrap();
    site.world.inject(None, Request::PowerOn, Fault::Slow(Duration::from_secs(25)), Times::Next(1));
    let began = std::time::Instant::now();
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(last_error(&seen).ends_with("not under way within 3 s. It was at: power on."), "{}", last_error(&seen));
    assert_eq!(site.boot_script(0).await.unwrap(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_slow_bmc_is_waited_for() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    for request in [Request::System, Request::SetBoot, Request::PowerOn] {
        site.world.inject(None, request, Fault::Slow(Duration::from_secs(1)), Times::Next(2));
    }
    site.inspect(&node, "manageable").await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn a_kernel_that_is_missing_is_said_before_power_is_touched() {
    let site = site(Ramdisk::default(), &[]).await;
    let mut body = site.node(0);
    body["driver_info"]["deploy_kernel"] = site.installation.image("absent").into();
    let node = site.enrol_as(body).await.unwrap();
    let asked = site.rest.provision(&node, "inspect").await;
    let error = match asked {
        Err(refused) => refused.to_string(),
        Ok(()) => last_error(&site.wait_for(&node, "inspect failed").await.unwrap()).to_owned(),
    };
    assert!(error.contains("absent"), "{error}");
    assert!(site.world.machine(0).state().writes.is_empty());
}

#[tokio::test]
async fn sessions_at_the_bmc_are_closed_at_an_orderly_stop() {
    let mut site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    assert_eq!(site.world.sessions(), 1);
    site.inspect(&node, "inspect wait").await.unwrap();
    site.stop().await.unwrap();
    assert_eq!(site.world.sessions(), 0);
}
