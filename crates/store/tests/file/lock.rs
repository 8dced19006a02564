//! One process at a time.

use assay_store::{StoreError, nodes};

use crate::fixture::{Place, insert_node, node, node_id};

#[tokio::test]
async fn a_second_process_is_refused() {
    let place = Place::new().await;
    let _first = place.open().await.unwrap();
    let refused = place.open().await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)));
    assert!(refused.to_string().contains("in use by another Assay process"), "{refused}");
}

#[tokio::test]
async fn what_waits_when_the_last_handle_goes_is_still_committed() {
    let place = Place::new().await;
    let store = place.open().await.unwrap();
    let copy = store.clone();
    drop(store);
    assert!(matches!(place.open().await, Err(StoreError::InUse(_))), "a clone holds the database");
    let mut waiting = Box::pin(async move { insert_node(&copy, node(1)).await });
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(waiting);
    let store = place.open().await.unwrap();
    assert!(nodes::get(&store.read(), node_id(1)).await.is_ok());
}
