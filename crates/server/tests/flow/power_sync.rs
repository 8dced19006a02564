//! Power sync: machines that are on or off behind everybody's back, and BMCs that are gone and come back.

use assay_core::power::PowerState::{Off, On};
use assay_sim::{
    Fault, Hardware, Ramdisk, Request, Times,
    harness::{PATIENCE, Setup, Site},
};
use serde_json::{Value, json};

use crate::silent;

/// A site whose machines are looked at every second.
async fn site(machines: usize, ramdisk: Ramdisk, options: &[(&'static str, &str)]) -> Site {
    let every_second =
        [("OS_CONDUCTOR__SYNC_POWER_STATE_INTERVAL", "1"), ("OS_CONDUCTOR__POWER_FAILURE_RECOVERY_INTERVAL", "1")];
    let options = every_second.iter().chain(options).map(|(name, value)| (*name, (*value).to_owned())).collect();
    let hardware = Hardware { machines, ramdisk, ..Hardware::default() };
    Site::start(Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options }).await.unwrap()
}

async fn until(site: &Site, node: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    site.rest.wait_until(node, what, PATIENCE, wanted).await.unwrap()
}

#[tokio::test]
async fn a_machine_that_is_switched_on_behind_our_back_is_brought_back() {
    let site = site(1, silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let machine = site.world.machine(0);
    machine.switch_by_hand(On);
    machine.wait_for("power off", PATIENCE, |state| state.power == Off).await.unwrap();
    let rests = |seen: &Value| seen["target_power_state"].is_null() && seen["reservation"].is_null();
    let seen = until(&site, &node, "rest", rests).await;
    assert_eq!((&seen["power_state"], &seen["maintenance"]), (&json!("power off"), &json!(false)));
}

#[tokio::test]
async fn where_nothing_is_forced_the_database_follows_the_machine() {
    let site = site(1, silent(), &[("OS_CONDUCTOR__FORCE_POWER_STATE_DURING_SYNC", "False")]).await;
    let node = site.enrol(0).await.unwrap();
    site.world.machine(0).switch_by_hand(On);
    until(&site, &node, "power on", |seen| seen["power_state"] == "power on").await;
    assert!(site.world.machine(0).state().writes.is_empty());
}

#[tokio::test]
async fn a_machine_that_goes_off_while_it_is_inspected_is_left_to_its_inspection() {
    let site = site(1, silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "inspect wait").await.unwrap();
    let machine = site.world.machine(0);
    machine.wait_for("its boot", PATIENCE, |state| state.power == On && !state.boots.is_empty()).await.unwrap();
    let writes = machine.state().writes.len();
    machine.switch_by_hand(Off);
    let seen = until(&site, &node, "power off", |seen| seen["power_state"] == "power off").await;
    assert_eq!(seen["provision_state"], "inspect wait");
    assert_eq!(machine.state().writes.len(), writes, "{:?}", machine.state().writes);
    site.rest.provision(&node, "abort").await.unwrap();
    site.wait_for(&node, "inspect failed").await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn a_bmc_that_is_gone_puts_its_node_into_maintenance_until_it_is_back() {
    let site = site(2, silent(), &[("OS_CONDUCTOR__POWER_STATE_SYNC_MAX_RETRIES", "1")]).await;
    let (node, other) = (site.enrol(0).await.unwrap(), site.enrol(1).await.unwrap());
    site.world.inject(Some(0), Request::System, Fault::Refuse(500), Times::Always);
    let seen = until(&site, &node, "maintenance", |seen| seen["maintenance"] == true).await;
    assert_eq!((&seen["fault"], &seen["power_state"]), (&json!("power failure"), &json!(null)));
    let reason = seen["maintenance_reason"].as_str().unwrap();
    assert!(reason.contains("2 times in a row") && reason.contains("HTTP 500"), "{reason}");
    let history = site.rest.get(&format!("/v1/nodes/{node}/history")).await.unwrap();
    assert_eq!(history["history"].as_array().map(Vec::len), Some(1), "{history}");
    assert_eq!(site.rest.node(&other).await.unwrap()["maintenance"], false);

    site.world.heal();
    let seen = until(&site, &node, "end of maintenance", |seen| seen["maintenance"] == false).await;
    assert_eq!((&seen["fault"], &seen["power_state"]), (&json!(null), &json!("power off")));
    assert!(seen["maintenance_reason"].is_null());
}

#[tokio::test]
async fn a_machine_that_does_not_stay_as_it_should_be_is_given_up() {
    let site = site(1, silent(), &[("OS_CONDUCTOR__POWER_STATE_SYNC_MAX_RETRIES", "1")]).await;
    let node = site.enrol(0).await.unwrap();
    site.world.inject(None, Request::PowerOff, Fault::Refuse(400), Times::Always);
    site.world.machine(0).switch_by_hand(On);
    let seen = until(&site, &node, "maintenance", |seen| seen["maintenance"] == true).await;
    let reason = seen["maintenance_reason"].as_str().unwrap();
    assert!(reason.contains("it shows power on, and does not stay at power off"), "{reason}");
}

#[tokio::test]
async fn s8_bmcs_that_hang_hold_up_nobody_elses_power_sync() {
    let workers =
        [("OS_CONDUCTOR__SYNC_POWER_STATE_WORKERS", "2"), ("OS_CONDUCTOR__FORCE_POWER_STATE_DURING_SYNC", "False")];
    let site = site(3, silent(), &[workers[0], workers[1], ("OS_REDFISH__READ_TIMEOUT", "2")]).await;
    let mut nodes = Vec::new();
    for machine in 0..3 {
        nodes.push(site.enrol(machine).await.unwrap());
    }
    for machine in [0, 1] {
        site.world.inject(Some(machine), Request::System, Fault::Hang, Times::Always);
    }
    for power in [On, Off, On] {
        site.world.machine(2).switch_by_hand(power);
        until(&site, &nodes[2], power.as_str(), |seen| seen["power_state"] == power.as_str()).await;
    }
}
