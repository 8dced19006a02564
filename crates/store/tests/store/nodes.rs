//! Nodes: written, found, sorted, sealed.

use std::time::Duration;

use assay_core::{id::NodeId, node::Node, provision::ProvisionState, secret::MASK};
use assay_store::{
    Store, StoreError,
    nodes::{self, Guard, Holders, NodeFilter, NodeSort},
    page::Page,
};
use futures::future::join_all;
use uuid::Uuid;

use crate::fixture::{LEASE, insert_node, node, node_id, store, time};

async fn update(store: &Store, node: Node, guard: Guard) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { nodes::update(tx, &node, guard).await })).await
}

async fn reserve(store: &Store, number: u128, host: &'static str) -> Result<nodes::NodeRow, StoreError> {
    let reserve = store.write(move |tx| {
        Box::pin(async move {
            let epoch = nodes::reserve(tx, node_id(number), host, LEASE).await?;
            let row = nodes::get(tx, node_id(number)).await?;
            assert_eq!(row.lease_epoch, epoch);
            Ok(row)
        })
    });
    reserve.await
}

#[tokio::test]
async fn a_node_comes_back_whole_by_uuid_and_by_name() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let row = nodes::get(&store.read(), node_id(1)).await.unwrap();
    assert_eq!((row.node.clone(), row.version, row.lease_epoch), (node(1), 1, 0));
    assert_eq!(nodes::find(&store.read(), "node-1").await.unwrap(), row);
    assert_eq!(nodes::find(&store.read(), &node_id(1).to_string()).await.unwrap(), row);
    let missing = nodes::find(&store.read(), "node-2").await.unwrap_err();
    assert_eq!(missing.to_string(), "Node node-2 could not be found.");
}

#[tokio::test]
async fn duplicates_are_told_apart() {
    let (_place, store) = store().await;
    let instance = Some(Uuid::from_u128(77));
    insert_node(&store, Node { instance_uuid: instance, ..node(1) }).await;
    let insert = |node: Node| store.write(|tx| Box::pin(async move { nodes::insert(tx, &node).await }));
    let same_id = insert(Node { name: None, ..node(1) }).await.unwrap_err();
    assert!(matches!(same_id, StoreError::AlreadyExists { kind: "node", .. }), "{same_id}");
    let same_name = insert(Node { name: Some("node-1".to_owned()), ..node(2) }).await.unwrap_err();
    assert_eq!(same_name.to_string(), "A node with name node-1 already exists.");
    let same_instance = insert(Node { instance_uuid: instance, ..node(3) }).await.unwrap_err();
    assert!(matches!(same_instance, StoreError::InstanceInUse(_)), "{same_instance}");
    insert_node(&store, node(4)).await;
    let renamed = update(&store, Node { name: Some("node-1".to_owned()), ..node(4) }, Guard::Unreserved { version: 1 });
    assert!(matches!(renamed.await, Err(StoreError::DuplicateName { .. })));
}

#[tokio::test]
async fn a_writer_without_the_lock_writes_only_what_it_read_and_nobody_holds() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let described = |text: &str| Node { description: Some(text.to_owned()), ..node(1) };
    update(&store, described("first"), Guard::Unreserved { version: 1 }).await.unwrap();
    let stale = update(&store, described("second"), Guard::Unreserved { version: 1 }).await;
    assert!(matches!(stale, Err(StoreError::StaleNode(_))));
    reserve(&store, 1, "other").await.unwrap();
    let locked = update(&store, described("third"), Guard::Unreserved { version: 2 }).await.unwrap_err();
    assert!(locked.to_string().contains("is locked by host other"), "{locked}");
    let row = nodes::get(&store.read(), node_id(1)).await.unwrap();
    assert_eq!((row.node.description.as_deref(), row.version), (Some("first"), 2));
    let missing = update(&store, node(2), Guard::Unreserved { version: 1 }).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn of_fifty_that_reserve_at_once_exactly_one_wins() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let results = join_all((0..50).map(|_| reserve(&store, 1, "here"))).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|lost| matches!(lost, Err(StoreError::Locked { host, .. }) if host == "here")));
    let row = nodes::get(&store.read(), node_id(1)).await.unwrap();
    assert_eq!((row.node.reservation.as_deref(), row.lease_epoch), (Some("here"), 1));
}

#[tokio::test]
async fn s5_a_stale_epoch_writes_renews_and_releases_nothing() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let zombie = reserve(&store, 1, "here").await.unwrap().lease_epoch;
    assert_eq!(free(&store, Holders::All).await, [node_id(1)]);
    let taken = reserve(&store, 1, "there").await.unwrap();

    let changed = Node { description: Some("by a zombie".to_owned()), ..node(1) };
    let written = update(&store, changed, Guard::Holder { epoch: zombie }).await;
    assert!(matches!(written, Err(StoreError::Locked { .. })));
    let renewed = store.write(move |tx| Box::pin(async move { nodes::renew(tx, node_id(1), zombie, LEASE).await }));
    assert!(renewed.await.is_err());
    let released = store.write(move |tx| Box::pin(async move { nodes::release(tx, node_id(1), zombie).await }));
    assert!(released.await.is_err());
    let checked = store.write(move |tx| Box::pin(async move { nodes::check(tx, node_id(1), zombie).await }));
    assert!(checked.await.is_err());
    assert_eq!(nodes::get(&store.read(), node_id(1)).await.unwrap(), taken);
}

async fn free(store: &Store, holders: Holders) -> Vec<NodeId> {
    store.write(move |tx| Box::pin(async move { nodes::free(tx, &holders).await })).await.unwrap()
}

#[tokio::test]
async fn s5_a_lease_that_has_run_out_is_taken_over_under_a_new_epoch() {
    let (_place, store) = store().await;
    for number in [1, 2] {
        insert_node(&store, node(number)).await;
        let short = Duration::from_millis(if number == 1 { 50 } else { 60_000 });
        let held =
            store.write(move |tx| Box::pin(async move { nodes::reserve(tx, node_id(number), "here", short).await }));
        held.await.unwrap();
    }
    assert!(matches!(reserve(&store, 2, "there").await, Err(StoreError::Locked { .. })));
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(nodes::locked(&store.read(), &Holders::RunOut { group: None }).await.unwrap(), [node_id(1)]);
    assert_eq!(nodes::locked(&store.read(), &Holders::All).await.unwrap().len(), 2);
    let taken = reserve(&store, 1, "there").await.unwrap();
    assert_eq!((taken.lease_epoch, taken.node.reservation.as_deref()), (2, Some("there")));
    let late = store.write(|tx| Box::pin(async move { nodes::renew(tx, node_id(1), 1, LEASE).await })).await;
    assert!(matches!(late, Err(StoreError::Locked { .. })));
    assert!(free(&store, Holders::RunOut { group: None }).await.is_empty(), "both are held");
}

#[tokio::test]
async fn the_holder_writes_renews_and_releases_once() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let held = reserve(&store, 1, "here").await.unwrap();
    let epoch = held.lease_epoch;
    let changed = Node { provision_state: ProvisionState::Inspecting, ..held.node };
    update(&store, changed, Guard::Holder { epoch }).await.unwrap();
    let keep = store.write(move |tx| {
        Box::pin(async move {
            nodes::check(tx, node_id(1), epoch).await?;
            nodes::renew(tx, node_id(1), epoch, LEASE).await?;
            nodes::release(tx, node_id(1), epoch).await
        })
    });
    keep.await.unwrap();
    let again = store.write(move |tx| Box::pin(async move { nodes::release(tx, node_id(1), epoch).await })).await;
    assert!(matches!(again, Err(StoreError::StaleNode(_))));
    let row = nodes::get(&store.read(), node_id(1)).await.unwrap();
    assert_eq!((row.node.reservation, row.node.provision_state), (None, ProvisionState::Inspecting));
    assert_eq!(reserve(&store, 1, "here").await.unwrap().lease_epoch, epoch + 1);
}

async fn numbers(store: &Store, filter: &NodeFilter, page: &Page<NodeSort>) -> Vec<u128> {
    let short = nodes::summaries(&store.read(), filter, page).await.unwrap();
    let long = nodes::list(&store.read(), filter, page).await.unwrap();
    let ids: Vec<_> = short.iter().map(|node| node.id.as_u128()).collect();
    assert_eq!(ids, long.iter().map(|node| node.id.as_u128()).collect::<Vec<_>>());
    ids
}

/// A node that differs from `node(1)` in everything that can be filtered by.
fn special() -> Node {
    Node {
        instance_uuid: Some(Uuid::from_u128(77)),
        chassis_uuid: Some(Uuid::from_u128(78)),
        maintenance: true,
        retired: true,
        provision_state: ProvisionState::InspectWait,
        driver: "ipmi".to_owned(),
        resource_class: Some("gold".to_owned()),
        fault: Some("power failure".to_owned()),
        conductor_group: "east".to_owned(),
        owner: Some("o".to_owned()),
        lessee: Some("l".to_owned()),
        description: Some("50% of rack_1".to_owned()),
        shard: Some("s".to_owned()),
        parent_node: Some(node_id(1).0),
        ..node(2)
    }
}

#[tokio::test]
async fn each_filter_selects_its_nodes() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    insert_node(&store, special()).await;
    let some = |text: &str| Some(text.to_owned());
    let all = NodeFilter::default;
    let filters = [
        NodeFilter { name: some("node-2"), ..all() },
        NodeFilter { instance_uuid: Some(Uuid::from_u128(77)), ..all() },
        NodeFilter { chassis_uuid: Some(Uuid::from_u128(78)), ..all() },
        NodeFilter { associated: Some(true), ..all() },
        NodeFilter { maintenance: Some(true), ..all() },
        NodeFilter { retired: Some(true), ..all() },
        NodeFilter { provision_state: Some(ProvisionState::InspectWait), ..all() },
        NodeFilter { driver: some("ipmi"), ..all() },
        NodeFilter { resource_class: some("gold"), ..all() },
        NodeFilter { fault: some("power failure"), ..all() },
        NodeFilter { conductor_group: some("east"), ..all() },
        NodeFilter { owner: some("o"), ..all() },
        NodeFilter { lessee: some("l"), ..all() },
        NodeFilter { project: some("o"), ..all() },
        NodeFilter { project: some("l"), ..all() },
        NodeFilter { description_contains: some("% OF rack_"), ..all() },
        NodeFilter { shards: Some(vec!["t".to_owned(), "s".to_owned()]), ..all() },
        NodeFilter { sharded: Some(true), ..all() },
        NodeFilter { parent_node: Some(node_id(1).0), ..all() },
    ];
    for filter in filters {
        assert_eq!(numbers(&store, &filter, &Page::default()).await, [2], "{filter:?}");
        assert_eq!(nodes::count(&store.read(), &filter).await.unwrap(), 1);
    }
    for filter in [
        NodeFilter { associated: Some(false), ..all() },
        NodeFilter { sharded: Some(false), ..all() },
        NodeFilter { maintenance: Some(false), ..all() },
        NodeFilter { without_children: true, ..all() },
    ] {
        assert_eq!(numbers(&store, &filter, &Page::default()).await, [1], "{filter:?}");
    }
    for filter in [
        NodeFilter { description_contains: some("5_%"), ..all() },
        NodeFilter { shards: Some(vec![]), ..all() },
        NodeFilter { reserved: Some(true), ..all() },
    ] {
        assert!(numbers(&store, &filter, &Page::default()).await.is_empty(), "{filter:?}");
    }
}

#[tokio::test]
async fn pages_in_any_order_show_each_node_once() {
    let (_place, store) = store().await;
    for number in [5, 3, 1, 4, 2] {
        let owner = (number > 3).then(|| "b".to_owned()).or((number == 3).then(|| "a".to_owned()));
        insert_node(&store, Node { owner, ..node(number) }).await;
    }
    let cases: [(Option<&str>, [u128; 5]); 4] = [
        (None, [5, 3, 1, 4, 2]),
        (Some("id"), [5, 3, 1, 4, 2]),
        (Some("name"), [1, 2, 3, 4, 5]),
        (Some("owner"), [3, 5, 4, 1, 2]),
    ];
    for (key, order) in cases {
        for descending in [false, true] {
            let mut expected = order;
            if descending {
                expected.reverse();
            }
            for limit in 1..=5 {
                let mut page =
                    Page { limit: Some(limit), sort: key.and_then(NodeSort::parse), descending, marker: None };
                let mut seen = Vec::new();
                loop {
                    let part = numbers(&store, &NodeFilter::default(), &page).await;
                    let Some(&last) = part.last() else { break };
                    page.marker = Some(Uuid::from_u128(last));
                    seen.extend(part);
                }
                assert_eq!(seen, expected, "{key:?} descending {descending} by {limit}");
            }
        }
    }
    let unknown = Page { marker: Some(Uuid::from_u128(9)), ..Page::default() };
    let refused = nodes::summaries(&store.read(), &NodeFilter::default(), &unknown).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    assert!(NodeSort::parse("properties").is_none());
}

#[tokio::test]
async fn s13_a_detailed_list_shows_masks_and_the_lock() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    reserve(&store, 1, "here").await.unwrap();
    let listed = nodes::list(&store.read(), &NodeFilter::default(), &Page::default()).await.unwrap();
    let shown = listed[0].masked().unwrap();
    assert_eq!(shown.driver_info["redfish_password"], MASK);
    assert!(shown.secrets.is_empty());
    assert_eq!(shown.reservation.as_deref(), Some("here"));
    assert_eq!(shown.provision_updated_at, Some(time(7)));
}
