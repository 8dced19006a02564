//! The real binary is killed with -9 at each journal state of an inspection, started again, and
//! must come to the run's end with nothing left behind. What is left is asked of the BMC and of
//! the listeners, never of the binary's own tables. A disk that is full, and the order of what goes to disk, are here as well.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::print_stdout, reason = "what was counted")]

mod case;
mod disk;
mod synced;
mod wrapper;

use std::sync::Arc;

use case::{Case, Run};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many binaries run at the same time.
const SIDE_BY_SIDE: usize = 6;

/// The effects of a managed inspection before the ramdisk runs, as the journal names them.
const START: [&str; 8] = [
    "ReadPower",
    "CreatePortsFromBmc",
    "ValidateInspection",
    "CheckImages",
    "PowerOff",
    "PrepareRamdisk",
    "SetBootDevice",
    "PowerOn",
];
const WORK: [&str; 1] = ["ProcessBody"];
const UNDO: [&str; 3] = ["RestorePower", "RestoreBootDevice", "CleanUpRamdisk"];

/// An effect's three journal states: started, done but not committed, committed.
const POINTS: [&str; 3] = ["before_effect", "after_effect", "after_commit"];

/// The journal states of an event that is not the end of an effect: not yet committed, committed.
const EVENT_POINTS: [&str; 2] = ["before_commit", "after_commit"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_a_happy_run_killed_at_any_journal_state_ends_manageable_with_nothing_left() {
    all(Run::Happy, &[&START[..], &WORK, &UNDO].concat(), "Body").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_an_aborted_run_killed_at_any_journal_state_ends_aborted_with_nothing_left() {
    all(Run::Abort, &[&START[..], &UNDO].concat(), "Abort").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_a_run_whose_node_is_deleted_and_that_is_killed_at_any_journal_state_leaves_nothing() {
    all(Run::Delete, &UNDO, "NodeDeleted").await;
}

/// Runs every case and fails with the list of those that failed.
async fn all(run: Run, effects: &[&str], event: &str) {
    let named =
        |points: &[&str], name: &str| -> Vec<_> { points.iter().map(|point| format!("{point}:{name}")).collect() };
    let pauses = effects.iter().flat_map(|effect| named(&POINTS, effect)).chain(named(&EVENT_POINTS, event));
    let free = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut cases = JoinSet::new();
    for pause in pauses.map(Some).chain([None]) {
        let free = free.clone();
        cases.spawn(async move {
            let _turn = free.acquire_owned().await;
            let case = Case { run, pause };
            case.check().await.map_err(|error| format!("{case}: {error:#}"))
        });
    }
    let failed: Vec<String> = cases.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
}
