//! Runs: claimed, fenced, journalled.

use assay_core::{id::RunId, node::Node};
use assay_store::{
    Store, StoreError,
    bodies::{self, CompressedBody},
    nodes::{self, Guard, Holders},
    ports,
    runs::{self, RunRow},
    timeline,
};

use crate::fixture::{LEASE, insert_node, node, node_id, port, run, store, time};

async fn insert(store: &Store, run: RunRow) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { runs::insert(tx, &run, runs::Kept::default()).await })).await
}

async fn save(store: &Store, run: RunRow, version: i64) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { runs::save(tx, &run, version).await })).await
}

fn ids(rows: Vec<RunRow>) -> Vec<u128> {
    rows.into_iter().map(|row| row.id.0.as_u128()).collect()
}

#[tokio::test]
async fn a_node_has_at_most_one_open_exclusive_run() {
    let (_place, store) = store().await;
    insert(&store, run(1, node_id(1))).await.unwrap();
    assert!(matches!(insert(&store, run(2, node_id(1))).await, Err(StoreError::RunOpen(_))));
    insert(&store, RunRow { exclusive: false, kind: "power".to_owned(), ..run(3, node_id(1)) }).await.unwrap();
    insert(&store, run(4, node_id(2))).await.unwrap();
    save(&store, RunRow { open: false, ended_at: Some(time(9)), ..run(1, node_id(1)) }, 1).await.unwrap();
    insert(&store, run(5, node_id(1))).await.unwrap();
    assert!(matches!(insert(&store, run(5, node_id(3))).await, Err(StoreError::AlreadyExists { .. })));
    assert_eq!(ids(runs::open_runs(&store.read()).await.unwrap()), [3, 4, 5]);
    assert_eq!(runs::open_of_node(&store.read(), node_id(1)).await.unwrap().unwrap().id, run(5, node_id(1)).id);
    let last_power = runs::last_of_node(&store.read(), node_id(1), Some("power")).await.unwrap();
    assert_eq!(last_power.unwrap().id.0.as_u128(), 3);
    assert_eq!(runs::last_of_node(&store.read(), node_id(9), None).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_is_saved_only_on_top_of_what_was_read() {
    let (_place, store) = store().await;
    insert(&store, run(1, node_id(1))).await.unwrap();
    let waiting = RunRow { phase: "wait".to_owned(), wake_at: Some(time(50)), ..run(1, node_id(1)) };
    save(&store, waiting.clone(), 1).await.unwrap();
    assert_eq!(runs::get(&store.read(), waiting.id).await.unwrap(), RunRow { version: 2, ..waiting.clone() });
    let stale = save(&store, RunRow { phase: "undo".to_owned(), ..waiting.clone() }, 1).await;
    assert!(matches!(stale, Err(StoreError::StaleRun(_))));
    assert_eq!(runs::get(&store.read(), waiting.id).await.unwrap().phase, "wait");
    let missing = runs::get(&store.read(), RunId(uuid::Uuid::nil())).await;
    assert!(matches!(missing, Err(StoreError::NotFound { kind: "Run", .. })));
}

#[tokio::test]
async fn due_runs_come_in_the_order_of_their_time() {
    let (_place, store) = store().await;
    for (number, wake_at) in [(1, Some(30)), (2, None), (3, Some(10)), (4, Some(31)), (5, Some(20))] {
        insert(&store, RunRow { wake_at: wake_at.map(time), ..run(number, node_id(number)) }).await.unwrap();
    }
    save(&store, RunRow { open: false, wake_at: Some(time(20)), ..run(5, node_id(5)) }, 1).await.unwrap();
    assert_eq!(ids(runs::due(&store.read(), "", time(30), 10).await.unwrap()), [3, 1]);
    assert_eq!(ids(runs::due(&store.read(), "", time(30), 1).await.unwrap()), [3]);
}

#[tokio::test]
async fn s5_a_commit_with_a_stale_epoch_changes_nothing_at_all() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    insert(&store, run(1, node_id(1))).await.unwrap();
    let held = store.write(|tx| Box::pin(async move { nodes::reserve(tx, node_id(1), "here", LEASE).await })).await;
    let zombie = held.unwrap();
    store.write(|tx| Box::pin(async move { nodes::free(tx, &Holders::All).await })).await.unwrap();
    let commit = store.write(move |tx| {
        Box::pin(async move {
            runs::save(tx, &RunRow { phase: "undo".to_owned(), ..run(1, node_id(1)) }, 1).await?;
            ports::insert(tx, &port(5, node_id(1), "52:54:00:00:00:01")).await?;
            let failed = Node { last_error: Some("zombie".to_owned()), ..node(1) };
            nodes::update(tx, &failed, Guard::Holder { epoch: zombie }).await
        })
    });
    assert!(commit.await.is_err());
    let kept = runs::get(&store.read(), run(1, node_id(1)).id).await.unwrap();
    assert_eq!((kept.phase.as_str(), kept.version), ("start", 1));
    assert!(ports::of_node(&store.read(), node_id(1)).await.unwrap().is_empty());
    assert_eq!(nodes::get(&store.read(), node_id(1)).await.unwrap().node.last_error, None);
}

#[tokio::test]
async fn s1_what_undo_needs_of_the_node_outlives_its_change_and_its_deletion() {
    let (place, store) = store().await;
    insert_node(&store, node(1)).await;
    for number in [1, 2] {
        let kept = RunRow { exclusive: number == 1, ..run(number, node_id(1)) };
        let keep = store.write(move |tx| {
            Box::pin(async move {
                let node = node(1);
                runs::insert(tx, &kept, runs::Kept { node: Some(&node), ..runs::Kept::default() }).await
            })
        });
        keep.await.unwrap();
    }
    save(&store, RunRow { open: false, ..run(2, node_id(1)) }, 1).await.unwrap();
    let delete =
        |guard| store.write(move |tx| Box::pin(async move { nodes::delete(tx, node_id(1), guard, time(60)).await }));
    assert!(delete(Guard::Unreserved { version: 9 }).await.is_err());
    store
        .write(|tx| {
            Box::pin(async move {
                ports::insert(tx, &port(5, node_id(1), "52:54:00:00:00:01")).await?;
                let moved = Node { driver: "ipmi".to_owned(), ..node(1) };
                nodes::update(tx, &moved, Guard::Unreserved { version: 1 }).await
            })
        })
        .await
        .unwrap();
    delete(Guard::Unreserved { version: 2 }).await.unwrap();

    assert!(nodes::get(&store.read(), node_id(1)).await.is_err());
    assert!(ports::of_node(&store.read(), node_id(1)).await.unwrap().is_empty());
    assert_eq!(ids(runs::due(&store.read(), "", time(60), 10).await.unwrap()), [1]);
    assert_eq!(runs::node_copy(&store.read(), run(2, node_id(1)).id).await.unwrap(), None, "it has ended");
    drop(store);
    let store = place.open().await.unwrap();
    let copy = runs::node_copy(&store.read(), run(1, node_id(1)).id).await.unwrap().unwrap();
    assert_eq!(copy, node(1), "secrets included");
}

#[tokio::test]
async fn ended_runs_are_forgotten_with_what_belongs_to_them() {
    let (_place, store) = store().await;
    let ended = |number, second| RunRow { open: false, ended_at: Some(time(second)), ..run(number, node_id(1)) };
    for run in [ended(1, 10), ended(2, 20), RunRow { ended_at: Some(time(5)), ..run(3, node_id(1)) }] {
        let (id, body) = (run.id, CompressedBody::compress(b"{}"));
        let line = timeline::Entry { at: time(4), event: "power".to_owned(), text: String::new() };
        insert(&store, run).await.unwrap();
        store
            .write(move |tx| {
                Box::pin(async move {
                    timeline::append(tx, id, [line]).await?;
                    bodies::accept(tx, id, body, None, time(4)).await
                })
            })
            .await
            .unwrap();
    }
    let delete =
        |second| store.write(move |tx| Box::pin(async move { runs::delete_ended_before(tx, time(second)).await }));
    assert_eq!(delete(10).await.unwrap(), 0);
    assert_eq!(delete(11).await.unwrap(), 1);
    for (number, kept) in [(1, false), (2, true), (3, true)] {
        let id = run(number, node_id(1)).id;
        assert_eq!(runs::get(&store.read(), id).await.is_ok(), kept, "run {number}");
        assert_eq!(bodies::of_run(&store.read(), id).await.unwrap().is_some(), kept, "body {number}");
        assert_eq!(timeline::list(&store.read(), id).await.unwrap().len(), usize::from(kept), "timeline {number}");
    }
}

#[tokio::test]
async fn the_last_inspection_of_each_node_is_listed_those_started_last_first() {
    let (_place, store) = store().await;
    for number in [1, 2, 3] {
        insert_node(&store, node(number)).await;
    }
    for (number, node, kind, second) in [
        (1, 1, "inspect", 10),
        (2, 1, "introspect", 30),
        (3, 2, "inspect", 20),
        (4, 2, "verify", 40),
        (5, 3, "inspect", 20),
        (6, 9, "inspect", 50),
    ] {
        let kept =
            RunRow { kind: kind.to_owned(), open: false, created_at: time(second), ..run(number, node_id(node)) };
        insert(&store, kept).await.unwrap();
    }
    let first = runs::last_inspections(&store.read(), None, 2).await.unwrap();
    assert_eq!(ids(first.clone()), [2, 5]);
    assert_eq!(ids(runs::last_inspections(&store.read(), first.last(), 2).await.unwrap()), [3]);
    assert_eq!(
        runs::last_inspection(&store.read(), node_id(2)).await.unwrap().map(|run| run.kind),
        Some("inspect".into())
    );
}
