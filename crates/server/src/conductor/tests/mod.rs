//! The conductor in this process: what goes wrong inside it, and what clients do meanwhile.

mod audit;
mod house;
mod late_ports;

use std::time::Duration;

use assay_core::{
    id::NodeId,
    power::{PowerState, PowerTarget},
    provision::{ProvisionEvent, ProvisionState},
    run::{Ending, Phase},
};

use uuid::Uuid;

use crate::{api::conductor::ConductorError, conductor::Conductor};
use house::{House, POST, figures};

#[tokio::test]
async fn an_abort_is_refused_when_the_ramdisks_post_was_first() {
    let house = House::new().await;
    let conductor = house.started().await;
    let run = house.inspect_until_wait(&conductor).await;
    house.node_until(|node| node.reservation.is_none()).await;
    let lock = house.lock(Duration::from_secs(60)).await;
    let abort = tokio::spawn({
        let (conductor, node) = (conductor.clone(), house.node);
        async move { conductor.request(node, ProvisionEvent::Abort).await }
    });
    conductor.take_body(run, POST).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!abort.is_finished(), "nothing is decided while the node is locked");
    house.unlock(lock).await;
    let answer = abort.await.unwrap();
    assert!(matches!(answer, Err(ConductorError::InvalidState(_))), "{answer:?}");
    assert_eq!(house.run_until(|run| run.phase == Phase::Ended).await.ending, Some(Ending::Success));
}

#[tokio::test]
async fn an_abort_is_answered_when_it_is_on_disk() {
    let house = House::new().await;
    let conductor = house.started().await;
    let run = house.inspect_until_wait(&conductor).await;
    conductor.request(house.node, ProvisionEvent::Abort).await.unwrap();
    assert_eq!(conductor.load_run(run).await.unwrap().ending, Some(Ending::Aborted));
}

#[tokio::test]
async fn s4_a_run_whose_owner_broke_off_is_taken_up_by_another_when_its_lease_has_run_out() {
    let house = House::new().await;
    // Its first look at how long an effect may take overflows: a bug inside the task that owns the run.
    let broken = house.conductor(|config| {
        config.power_timeout = Duration::MAX;
        config.figures.retry_first = Duration::from_secs(3600);
        config.figures.retry_most = Duration::from_secs(3600);
    });
    let whole = house.started().await;
    broken.request(house.node, ProvisionEvent::Inspect).await.unwrap();
    let run = house.run_until(|run| run.phase == Phase::Wait).await;
    assert!(run.journal.entries().any(|entry| entry.tries > 1), "{:?}", run.journal);
    whole.take_body(run.id, POST).await.unwrap();
    assert_eq!(house.run_until(|run| run.phase == Phase::Ended).await.ending, Some(Ending::Success));
}

#[tokio::test]
async fn a_run_that_a_bug_broke_off_is_taken_up_again_by_its_own_conductor() {
    let house = House::new().await;
    let broken = house.conductor(|config| config.power_timeout = Duration::MAX);
    broken.request(house.node, ProvisionEvent::Inspect).await.unwrap();
    house.run_until(|run| run.journal.under_way().any(|entry| entry.tries > 2)).await;
    assert!(broken.drives(house.run_until(|_| true).await.id), "it goes on trying");
}

#[tokio::test]
async fn a_lock_that_nobody_gave_back_ends_with_its_lease() {
    let house = House::new().await;
    let conductor = house.started().await;
    house.lock(figures().lease).await;
    let refused = conductor.request(house.node, ProvisionEvent::Inspect).await;
    assert!(refused.is_err(), "{refused:?}");
    house.node_until(|node| node.reservation.is_none()).await;
    house.inspect_until_wait(&conductor).await;
    assert_eq!(house.node().await.provision_state, ProvisionState::InspectWait);
}

#[tokio::test]
async fn s1_a_node_that_is_pointed_at_another_machine_while_it_waits_is_undone_on_the_first() {
    let house = House::new().await;
    let conductor = house.started().await;
    house.inspect_until_wait(&conductor).await;
    assert!(house.bmcs.is_on("old"));
    house.bmcs.switch("new", PowerState::On);
    house.patch(|node| drop(node.driver_info.insert("fake_address".to_owned(), "new".into()))).await;
    conductor.request(house.node, ProvisionEvent::Abort).await.unwrap();
    house.run_until(|run| run.phase == Phase::Ended).await;
    assert!(!house.bmcs.is_on("old"), "the machine that was inspected");
    assert!(house.bmcs.is_on("new"), "the one that nothing was done to");
    assert_eq!(house.node().await.driver_info["fake_address"], "new");
}

#[tokio::test]
async fn s4_a_port_whose_commit_was_not_answered_counts_as_made() {
    let house = House::new().await;
    let conductor = house.conductor(|_| {});
    for _ in 0..2 {
        assert!(conductor.create_port(house.node, "52:54:00:00:00:0a".parse().unwrap()).await.unwrap());
    }
    let other = NodeId(Uuid::from_u128(3));
    assert!(!conductor.create_port(other, "52:54:00:00:00:0a".parse().unwrap()).await.unwrap());
}

/// A run whose power-on was lost and may still land, at its end; it is looked at again after `late`.
async fn run_that_is_looked_at_again(house: &House, late: Duration) -> Conductor {
    let conductor = house.conductor(|config| config.figures.late = late);
    conductor.start().await.unwrap();
    *house.bmcs.loses.lock().unwrap() = Some(PowerTarget::On);
    conductor.request(house.node, ProvisionEvent::Inspect).await.unwrap();
    house.run_until(|run| run.phase == Phase::Settle).await;
    house.node_until(|node| node.reservation.is_none()).await;
    conductor
}

#[tokio::test]
async fn s5_a_power_on_that_lands_after_the_end_is_put_right() {
    let house = House::new().await;
    let _conductor = run_that_is_looked_at_again(&house, Duration::from_millis(500)).await;
    house.bmcs.switch("old", PowerState::On);
    house.run_until(|run| run.phase == Phase::Ended).await;
    assert!(!house.bmcs.is_on("old"));
}

#[tokio::test]
async fn s5_a_power_on_that_lands_after_its_node_was_deleted_is_put_right() {
    let house = House::new().await;
    let conductor = run_that_is_looked_at_again(&house, Duration::from_secs(2)).await;
    conductor.remove_node(house.node).await.unwrap();
    house.bmcs.switch("old", PowerState::On);
    house.run_until(|run| run.phase == Phase::Ended).await;
    assert!(!house.bmcs.is_on("old"));
}

#[tokio::test]
async fn what_a_client_has_switched_on_since_the_end_stays_on() {
    let house = House::new().await;
    let conductor = run_that_is_looked_at_again(&house, Duration::from_secs(4)).await;
    conductor.start_power(house.node, PowerTarget::On, None).await.unwrap();
    house.node_until(|node| node.power_state == Some(PowerState::On)).await;
    house.run_until(|run| run.phase == Phase::Ended).await;
    assert!(house.bmcs.is_on("old"));
    assert_eq!(house.node().await.power_state, Some(PowerState::On), "nothing was switched off");
}
