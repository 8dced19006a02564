//! Power: one write where one is needed, and patience.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use assay_core::power::{PowerState, PowerTarget};
use assay_drivers::interface::{ManagementInterface, PowerInterface};
use serde_json::{Value, json};

use crate::{
    bmc::{RESET, system},
    impatient, node_at,
    rude::{Manner, Rude, Seen, status},
};

/// A machine that does as it is told; `reset` answers the write after it was carried out.
async fn machine(on: bool, reset: impl Fn(&Seen) -> Manner + Send + Sync + 'static) -> Rude {
    let on = Arc::new(AtomicBool::new(on));
    let shown = Arc::clone(&on);
    let show = move || system(if shown.load(Ordering::SeqCst) { "On" } else { "Off" });
    Rude::with_system(show, move |request| {
        (request.line == RESET).then(|| {
            on.store(request.body["ResetType"] == "On", Ordering::SeqCst);
            reset(request)
        })
    })
    .await
}

fn resets(bmc: &Rude) -> Vec<Value> {
    bmc.seen("POST").into_iter().map(|seen| seen.body["ResetType"].clone()).collect()
}

#[tokio::test]
async fn the_reset_link_is_followed_and_the_state_is_awaited() {
    let bmc = machine(false, |_| status(204)).await;
    let (power, _) = impatient();
    let task = node_at(&bmc.address);
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::Off));
    power.set_power_state(&task, PowerTarget::On, None).await.unwrap();
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::On));
    assert_eq!(resets(&bmc), ["On"]);
}

#[tokio::test]
async fn operations_of_one_run_that_follow_each_other_read_the_system_once_and_anew_after_a_write() {
    let bmc = machine(false, |_| status(204)).await;
    let (power, management) = impatient();
    let task = node_at(&bmc.address);
    let reads = || bmc.seen("GET /redfish/v1/Systems/1").len();
    power.get_power_state(&task).await.unwrap();
    management.get_boot_device(&task).await.unwrap();
    power.set_power_state(&task, PowerTarget::Off, None).await.unwrap();
    assert_eq!(reads(), 1, "it is off already, as was read a moment ago");
    power.set_power_state(&task, PowerTarget::On, None).await.unwrap();
    assert_eq!(reads(), 2, "what was read before the write counts no more");
    management.get_boot_device(&task).await.unwrap();
    assert_eq!(reads(), 2);
    power.get_power_state(&node_at(&bmc.address)).await.unwrap();
    assert_eq!(reads(), 3, "another run knows nothing of it");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    power.get_power_state(&task).await.unwrap();
    assert_eq!(reads(), 4, "it was a moment ago, and is not any more");
}

#[tokio::test]
async fn nothing_is_written_when_the_state_is_already_right() {
    let bmc = machine(true, |_| status(204)).await;
    impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap();
    assert_eq!(resets(&bmc), [] as [Value; 0]);
}

#[tokio::test]
async fn a_reboot_is_off_and_on_again() {
    let bmc = machine(true, |_| status(204)).await;
    impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::Reboot, None).await.unwrap();
    assert_eq!(resets(&bmc), ["ForceOff", "On"]);
}

#[tokio::test]
async fn a_node_that_must_not_be_off_is_restarted_in_one_go() {
    let bmc = Rude::with_system(|| system("On"), |request| (request.line == RESET).then(|| status(204))).await;
    let mut task = node_at(&bmc.address);
    task.node.disable_power_off = true;
    impatient().0.set_power_state(&task, PowerTarget::Reboot, None).await.unwrap();
    assert_eq!(resets(&bmc), ["ForceRestart"]);
}

#[tokio::test]
async fn a_conflict_with_the_state_already_right_is_success() {
    for refusal in [400, 409] {
        let bmc = machine(false, move |_| status(refusal)).await;
        impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap();
        assert_eq!(resets(&bmc), ["On"]);
    }
}

#[tokio::test]
async fn only_reset_types_that_the_bmc_allows_are_sent() {
    let offering = |types: Value| {
        let mut shown = system("Off");
        shown["Actions"]["#ComputerSystem.Reset"]["ResetType@Redfish.AllowableValues"] = types;
        move || shown.clone()
    };
    let manners = |request: &Seen| (request.line == RESET).then(|| status(204));
    let bmc = Rude::with_system(offering(json!(["ForceOn", "ForceOff"])), manners).await;
    impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap_err();
    assert_eq!(resets(&bmc), ["ForceOn"]);

    let bmc = Rude::with_system(offering(json!(["Nmi"])), manners).await;
    let error = impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap_err();
    assert!(error.to_string().ends_with("none of the reset types On, ForceOn is offered, only Nmi"), "{error}");
    assert!(!error.maybe_happened());
}

#[tokio::test]
async fn a_bmc_that_says_yes_and_does_nothing_is_given_up_on() {
    let bmc = Rude::with_system(|| system("Off"), |request| (request.line == RESET).then(|| status(204))).await;
    let error = impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap_err();
    assert!(error.maybe_happened());
    assert_eq!(
        error.to_string(),
        format!("Redfish BMC {}: waited 0.6 s for power on, in vain: it shows power off", bmc.address)
    );
    assert_eq!(resets(&bmc), ["On"]);
}

#[tokio::test]
async fn a_client_can_give_an_operating_system_less_time_to_stop() {
    let bmc = Rude::with_system(|| system("On"), |request| (request.line == RESET).then(|| status(204))).await;
    let patience = Some(std::time::Duration::from_millis(300));
    let error =
        impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::SoftOff, patience).await.unwrap_err();
    assert!(error.to_string().contains("waited 0.3 s for power off, in vain"), "{error}");
    assert_eq!(resets(&bmc), ["GracefulShutdown"]);
}

#[tokio::test]
async fn a_machine_that_is_still_powering_off_is_not_off_yet() {
    let bmc = Rude::with_system(|| system("PoweringOff"), |_| None).await;
    let error = impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::Off, None).await.unwrap_err();
    assert!(error.to_string().contains("for power off, in vain"), "{error}");
    assert_eq!(resets(&bmc), [] as [Value; 0]);
}
