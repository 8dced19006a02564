//! Writing: what a failed write leaves, and what is tried again.

use std::{sync::Arc, time::Duration};

use assay_store::{Store, StoreError, nodes, nodes::Guard};
use futures::future::join_all;
use tokio::sync::Semaphore;

use crate::fixture::{insert_node, node, node_id, store};

#[tokio::test]
async fn a_job_that_fails_or_panics_does_not_harm_its_neighbours() {
    let (_place, store) = store().await;
    let gate = Arc::new(Semaphore::new(0));
    let open = gate.clone();
    let held = store.write(move |_| {
        Box::pin(async move {
            gate.acquire().await.ok();
            Ok(())
        })
    });
    let good = store.write(|tx| Box::pin(async move { nodes::insert(tx, &node(1)).await }));
    let failing = store.write(|tx| {
        Box::pin(async move {
            nodes::insert(tx, &node(2)).await?;
            Err::<(), _>(StoreError::StaleNode(node_id(2)))
        })
    });
    let panicking = store.write::<(), _>(|tx| {
        Box::pin(async move {
            nodes::insert(tx, &node(3)).await?;
            panic!("a bug in a job")
        })
    });
    let also_good = store.write(|tx| Box::pin(async move { nodes::insert(tx, &node(4)).await }));
    let opener = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        open.add_permits(1);
    };
    let (held, good, failing, panicking, also_good, ()) =
        tokio::join!(held, good, failing, panicking, also_good, opener);
    held.unwrap();
    good.unwrap();
    also_good.unwrap();
    assert!(matches!(failing, Err(StoreError::StaleNode(_))));
    assert!(matches!(panicking, Err(StoreError::TakenBack)));
    for (number, kept) in [(1, true), (2, false), (3, false), (4, true)] {
        assert_eq!(nodes::get(&store.read(), node_id(number)).await.is_ok(), kept, "node {number}");
    }
}

#[tokio::test]
async fn a_reader_neither_waits_for_the_writer_nor_sees_what_is_not_committed() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let gate = Arc::new(Semaphore::new(0));
    let open = gate.clone();
    let running = Arc::new(Semaphore::new(0));
    let started = running.clone();
    let writer = store.clone();
    let held = tokio::spawn(async move {
        writer
            .write(move |tx| {
                Box::pin(async move {
                    nodes::insert(tx, &node(2)).await?;
                    started.add_permits(1);
                    gate.acquire().await.ok();
                    Ok(())
                })
            })
            .await
    });
    drop(running.acquire().await.unwrap());
    assert!(nodes::get(&store.read(), node_id(1)).await.is_ok());
    assert!(nodes::get(&store.read(), node_id(2)).await.is_err(), "not committed yet");
    open.add_permits(1);
    held.await.unwrap().unwrap();
    assert!(nodes::get(&store.read(), node_id(2)).await.is_ok());
}

/// Renames two nodes in one transaction.
async fn rename(store: &Store, order: [u128; 2], round: u128) -> Result<(), StoreError> {
    let write = store.write(move |tx| {
        Box::pin(async move {
            for number in order {
                let mut row = nodes::get(tx, node_id(number)).await?;
                row.node.description = Some(format!("round {round}"));
                nodes::update(tx, &row.node, Guard::Unreserved { version: row.version }).await?;
            }
            Ok(())
        })
    });
    write.await
}

#[tokio::test]
async fn writes_that_lock_rows_crosswise_are_tried_again_until_each_is_through_or_stale() {
    let (_place, store) = store().await;
    for number in [1, 2] {
        insert_node(&store, node(number)).await;
    }
    let orders = |round: u128| if round.is_multiple_of(2) { [1, 2] } else { [2, 1] };
    let ends = join_all((0..40).map(|round| rename(&store, orders(round), round))).await;
    // Whoever read before another's commit is told so; nobody is told of a deadlock.
    assert!(ends.iter().all(|end| matches!(end, Ok(()) | Err(StoreError::StaleNode(_)))), "{ends:?}");
    let through = ends.iter().filter(|end| end.is_ok()).count();
    for number in [1, 2] {
        let row = nodes::get(&store.read(), node_id(number)).await.unwrap();
        assert_eq!(row.version, 1 + i64::try_from(through).unwrap());
    }
}
