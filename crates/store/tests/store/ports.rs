//! Ports: unique by address, found by node.

use assay_core::{node::Node, port::Port};
use assay_store::{
    Store, StoreError,
    page::Page,
    ports::{self, PortFilter, PortSort},
};

use crate::fixture::{insert_node, node, node_id, port, portgroup, store};

async fn insert(store: &Store, port: Port) -> Result<(), StoreError> {
    store.write(move |tx| Box::pin(async move { ports::insert(tx, &port).await })).await
}

async fn three_ports(store: &Store) -> [Port; 3] {
    let named = Port { name: Some("uplink".to_owned()), ..port(1, node_id(1), "52:54:00:00:00:03") };
    let three = [named, port(2, node_id(1), "52:54:00:00:00:02"), port(3, node_id(2), "52:54:00:00:00:01")];
    for port in &three {
        insert(store, port.clone()).await.unwrap();
    }
    three
}

#[tokio::test]
async fn a_port_is_found_by_uuid_name_node_and_address() {
    let (_place, store) = store().await;
    let [first, second, third] = three_ports(&store).await;
    let conn = store.read();
    assert_eq!(ports::get(&conn, first.id).await.unwrap(), first);
    assert_eq!(ports::find(&conn, "uplink").await.unwrap(), first);
    assert_eq!(ports::find(&conn, &first.id.to_string()).await.unwrap(), first);
    assert_eq!(ports::of_node(&conn, node_id(1)).await.unwrap(), [first.clone(), second.clone()]);
    let by_macs = ports::port_by_macs(&conn, &[third.address, first.address]).await.unwrap();
    assert_eq!(by_macs.len(), 2);
    assert!(ports::port_by_macs(&conn, &[]).await.unwrap().is_empty());
    let by_address = PortFilter { address: Some(second.address), ..PortFilter::default() };
    assert_eq!(ports::list(&conn, &by_address, &Page::default()).await.unwrap(), std::slice::from_ref(&second));
    let sorted = Page { sort: PortSort::parse("address"), limit: Some(2), ..Page::default() };
    assert_eq!(ports::list(&conn, &PortFilter::default(), &sorted).await.unwrap(), [third, second.clone()]);
    let rest = Page { marker: Some(second.id.0), ..sorted };
    assert_eq!(ports::list(&conn, &PortFilter::default(), &rest).await.unwrap(), [first]);
    assert_eq!(ports::find(&conn, "downlink").await.unwrap_err().to_string(), "Port downlink could not be found.");
}

#[tokio::test]
async fn ports_are_listed_by_their_group_and_by_the_shards_of_their_nodes() {
    let (_place, store) = store().await;
    insert_node(&store, Node { shard: Some("east".to_owned()), ..node(1) }).await;
    insert_node(&store, Node { shard: Some("west".to_owned()), ..node(2) }).await;
    let [first, second, third] = three_ports(&store).await;
    let bonded = Port { portgroup_id: Some(portgroup(1, node_id(1)).id), ..second };
    let write = bonded.clone();
    store.write(move |tx| Box::pin(async move { ports::update(tx, &write).await })).await.unwrap();
    let conn = store.read();
    let of_group = ports::of_portgroup(&conn, portgroup(1, node_id(1)).id).await.unwrap();
    assert_eq!(of_group, std::slice::from_ref(&bonded));
    for (shards, expected) in [
        (vec!["west"], vec![third.clone()]),
        (vec!["east", "west"], vec![first.clone(), bonded.clone(), third.clone()]),
        (vec!["north"], vec![]),
    ] {
        let shards = Some(shards.into_iter().map(str::to_owned).collect());
        let filter = PortFilter { shards, ..PortFilter::default() };
        assert_eq!(ports::list(&conn, &filter, &Page::default()).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn duplicates_are_told_apart() {
    let (_place, store) = store().await;
    let [first, second, _] = three_ports(&store).await;
    let same_mac = insert(&store, port(9, node_id(9), "52:54:00:00:00:03")).await.unwrap_err();
    assert_eq!(same_mac.to_string(), "A port with MAC address 52:54:00:00:00:03 already exists.");
    let same_id = insert(&store, port(1, node_id(9), "52:54:00:00:00:09")).await.unwrap_err();
    assert!(matches!(same_id, StoreError::AlreadyExists { kind: "port", .. }), "{same_id}");
    let renamed = Port { name: first.name, ..second };
    let same_name = store.write(move |tx| Box::pin(async move { ports::update(tx, &renamed).await })).await;
    assert!(matches!(same_name, Err(StoreError::DuplicateName { kind: "port", .. })));
}

#[tokio::test]
async fn a_port_is_changed_and_deleted_once() {
    let (_place, store) = store().await;
    let [first, ..] = three_ports(&store).await;
    let changed = Port { pxe_enabled: false, ..first.clone() };
    let (write, id) = (changed.clone(), first.id);
    store.write(move |tx| Box::pin(async move { ports::update(tx, &write).await })).await.unwrap();
    assert_eq!(ports::get(&store.read(), id).await.unwrap(), changed);
    let delete = || store.write(move |tx| Box::pin(async move { ports::delete(tx, id).await }));
    delete().await.unwrap();
    assert!(matches!(delete().await, Err(StoreError::NotFound { kind: "Port", .. })));
    let update = store.write(move |tx| Box::pin(async move { ports::update(tx, &changed).await })).await;
    assert!(matches!(update, Err(StoreError::NotFound { kind: "Port", .. })));
}
