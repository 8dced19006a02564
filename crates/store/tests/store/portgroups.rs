//! Port groups: found by UUID, name, node and address, and gone with their node.

use assay_core::{id::PortgroupId, portgroup::Portgroup};
use assay_store::{
    Store, StoreError,
    nodes::{self, Guard},
    page::Page,
    portgroups::{self, PortgroupFilter, PortgroupSort},
};

use crate::fixture::{insert_node, node, node_id, portgroup, store, time};

async fn insert(store: &Store, group: Portgroup) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { portgroups::insert(tx, &group).await })).await
}

async fn update(store: &Store, group: Portgroup) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { portgroups::update(tx, &group).await })).await
}

/// Two groups of the first node and one of the second; only the first has a name and an address.
async fn three_groups(store: &Store) -> [Portgroup; 3] {
    let named = Portgroup {
        name: Some("bond0".to_owned()),
        address: Some("52:54:00:00:00:f0".parse().unwrap()),
        ..portgroup(1, node_id(1))
    };
    let three = [named, Portgroup { mode: "1".to_owned(), ..portgroup(2, node_id(1)) }, portgroup(3, node_id(2))];
    for group in &three {
        insert(store, group.clone()).await.unwrap();
    }
    three
}

#[tokio::test]
async fn a_group_is_found_by_uuid_name_node_and_address() {
    let (_place, store) = store().await;
    let [first, second, third] = three_groups(&store).await;
    let conn = store.read();
    assert_eq!(portgroups::get(&conn, first.id).await.unwrap(), first);
    assert_eq!(portgroups::find(&conn, "bond0").await.unwrap(), first);
    assert_eq!(portgroups::find(&conn, &third.id.to_string()).await.unwrap(), third);
    assert_eq!(portgroups::of_node(&conn, node_id(1)).await.unwrap(), [first.clone(), second.clone()]);
    let by_address = PortgroupFilter { address: first.address, ..PortgroupFilter::default() };
    let found = portgroups::list(&conn, &by_address, &Page::default()).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&first));
    let sorted = Page { sort: PortgroupSort::parse("mode"), limit: Some(2), ..Page::default() };
    let all = PortgroupFilter::default();
    assert_eq!(portgroups::list(&conn, &all, &sorted).await.unwrap(), [second, first.clone()]);
    let rest = Page { marker: Some(first.id.0), ..sorted };
    assert_eq!(portgroups::list(&conn, &all, &rest).await.unwrap(), [third]);
    let absent = portgroups::find(&conn, "bond1").await.unwrap_err();
    assert_eq!(absent.to_string(), "Portgroup bond1 could not be found.");
}

#[tokio::test]
async fn what_is_another_groups_is_told_apart() {
    let (_place, store) = store().await;
    let [first, second, third] = three_groups(&store).await;
    let fresh = |number| portgroup(number, node_id(9));
    for (refused, text) in [
        (insert(&store, fresh(1)).await, format!("A portgroup with UUID {} already exists.", first.id)),
        (
            insert(&store, Portgroup { name: first.name.clone(), ..fresh(9) }).await,
            "A portgroup with name bond0 already exists.".to_owned(),
        ),
        (
            update(&store, Portgroup { address: first.address, ..second }).await,
            "A portgroup with MAC address 52:54:00:00:00:f0 already exists.".to_owned(),
        ),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), text);
    }
    assert_eq!(portgroups::get(&store.read(), third.id).await.unwrap(), third);
}

#[tokio::test]
async fn a_group_is_changed_and_deleted_once() {
    let (_place, store) = store().await;
    let [first, ..] = three_groups(&store).await;
    let changed = Portgroup { address: None, standalone_ports_supported: false, ..first };
    update(&store, changed.clone()).await.unwrap();
    assert_eq!(portgroups::get(&store.read(), changed.id).await.unwrap(), changed);
    let id = changed.id;
    let delete = || store.write(move |tx| Box::pin(async move { portgroups::delete(tx, id).await }));
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(StoreError::NotFound { kind: "Portgroup", .. })));
    assert!(matches!(update(&store, changed).await, Err(StoreError::NotFound { kind: "Portgroup", .. })));
}

#[tokio::test]
async fn a_deleted_node_takes_its_groups_along_and_no_others() {
    let (_place, store) = store().await;
    insert_node(&store, node(1)).await;
    let [.., third] = three_groups(&store).await;
    let delete = store.write(|tx| {
        Box::pin(async move { nodes::delete(tx, node_id(1), Guard::Unreserved { version: 1 }, time(9)).await })
    });
    delete.await.unwrap();
    let left = portgroups::list(&store.read(), &PortgroupFilter::default(), &Page::default()).await.unwrap();
    assert_eq!(left.iter().map(|group| group.id).collect::<Vec<PortgroupId>>(), [third.id]);
}
