//! The small tables: timeline, inspections, history, conductors, boot records, DHCP leases.

use std::{net::Ipv4Addr, time::Duration};

use assay_core::{
    boot::{BootChain, BootRecord, Callback, DhcpProvider},
    id::RunId,
    kernel::KernelParams,
    power::BootMode,
};
use assay_store::{
    Store, StoreError, boot_records,
    conductors::{self, Holder, Registration},
    history, inspections,
    leases::{self, Lease},
    page::Page,
    timeline,
};
use uuid::Uuid;

use crate::fixture::{node_id, run, store, time};

fn run_id(number: u128) -> RunId {
    run(number, node_id(1)).id
}

#[tokio::test]
async fn a_timeline_keeps_the_order_in_which_it_was_written() {
    let (_place, store) = store().await;
    let entry = |second, event: &str| timeline::Entry {
        at: time(second),
        event: event.to_owned(),
        text: format!("{event} was seen"),
    };
    let written = [entry(3, "power"), entry(2, "dhcp"), entry(2, "loader")];
    let entries = written.clone();
    let append = store.write(move |tx| {
        Box::pin(async move {
            timeline::append(tx, run_id(1), entries).await?;
            timeline::append(tx, run_id(2), []).await
        })
    });
    append.await.unwrap();
    assert_eq!(timeline::list(&store.read(), run_id(1)).await.unwrap(), written);
    assert!(timeline::list(&store.read(), run_id(2)).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_run_found_is_stored_once_and_the_latest_is_shown() {
    let (_place, store) = store().await;
    let found = |number, inventory: &str| inspections::Inspection {
        node: node_id(1),
        run: run_id(number),
        generation: 1,
        created_at: time(5),
        inventory: inventory.to_owned(),
        plugin_data: "{}".to_owned(),
    };
    let insert = |found| store.write(move |tx| Box::pin(async move { inspections::insert(tx, found).await }));
    assert!(matches!(inspections::latest(&store.read(), node_id(1)).await, Err(StoreError::NotFound { .. })));
    for (inspection, is_first) in [(found(1, "{\"a\":1}"), true), (found(1, "{\"a\":2}"), false)] {
        assert_eq!(insert(inspection).await.unwrap(), is_first);
        let latest = inspections::latest(&store.read(), node_id(1)).await.unwrap();
        assert_eq!(latest, found(1, "{\"a\":1}"));
    }
    assert!(insert(found(2, "{\"a\":3}")).await.unwrap());
    assert_eq!(inspections::latest(&store.read(), node_id(1)).await.unwrap(), found(2, "{\"a\":3}"));
}

fn event(number: u128) -> history::Entry {
    history::Entry {
        id: Uuid::from_u128(number),
        node: node_id(1),
        created_at: time(5),
        severity: "ERROR".to_owned(),
        event_type: "introspection".to_owned(),
        event: format!("failure {number}"),
        conductor: "here".to_owned(),
        user: None,
    }
}

#[tokio::test]
async fn history_keeps_the_latest_entries_of_each_node() {
    let (_place, store) = store().await;
    let insert = |entry| store.write(move |tx| Box::pin(async move { history::insert(tx, entry, 3).await }));
    insert(history::Entry { node: node_id(2), ..event(99) }).await.unwrap();
    for number in 1..=5 {
        insert(event(number)).await.unwrap();
    }
    let all = history::list(&store.read(), node_id(1), &Page::default()).await.unwrap();
    assert_eq!(all, [event(3), event(4), event(5)]);
    let page = Page { limit: Some(1), marker: Some(Uuid::from_u128(3)), ..Page::default() };
    assert_eq!(history::list(&store.read(), node_id(1), &page).await.unwrap(), [event(4)]);
    assert_eq!(history::get(&store.read(), node_id(1), Uuid::from_u128(4)).await.unwrap(), event(4));
    assert!(history::get(&store.read(), node_id(1), Uuid::from_u128(99)).await.is_err(), "another node's");
    assert_eq!(history::list(&store.read(), node_id(2), &Page::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_conductor_is_alive_while_it_is_heard_of() {
    let (_place, store) = store().await;
    let here = Registration {
        hostname: "here".to_owned(),
        conductor_group: String::new(),
        drivers: vec!["redfish".to_owned(), "fake".to_owned()],
        process: "second".to_owned(),
    };
    let register = |conductor: Registration, seen: Option<Holder>| {
        store.write(move |tx| Box::pin(async move { conductors::register(tx, &conductor, seen.as_ref()).await }))
    };
    let first = Registration { drivers: vec![], process: "first".to_owned(), ..here.clone() };
    register(first.clone(), None).await.unwrap();
    let seen = conductors::holder(&store.read(), "here").await.unwrap();
    register(here.clone(), seen.clone()).await.unwrap();
    assert!(matches!(register(first, seen).await, Err(StoreError::HostTaken(_))), "somebody was quicker");
    let listed = conductors::list(&store.read(), Duration::from_secs(60)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].registration, listed[0].alive), (&here, true));
    tokio::time::sleep(Duration::from_millis(30)).await;
    let alive = async || conductors::list(&store.read(), Duration::from_millis(20)).await.unwrap()[0].alive;
    assert!(!alive().await);
    let beat = |process: &'static str| {
        store.write(move |tx| Box::pin(async move { conductors::heartbeat(tx, "here", process).await }))
    };
    beat("second").await.unwrap();
    let heard = conductors::list(&store.read(), Duration::from_millis(20)).await.unwrap();
    assert!(heard[0].heartbeat_at > listed[0].heartbeat_at && heard[0].registered_at == listed[0].registered_at);
    assert!(matches!(beat("first").await, Err(StoreError::HostTaken(_))));
    store.write(|tx| Box::pin(conductors::sign_off(tx, "here", "second"))).await.unwrap();
    assert!(!conductors::list(&store.read(), Duration::MAX).await.unwrap()[0].alive, "signed off");
}

fn boot_record(macs: &[&str]) -> BootRecord {
    BootRecord {
        node: node_id(1),
        macs: macs.iter().map(|mac| mac.parse().unwrap()).collect(),
        chain: BootChain::Ipxe,
        cpu_arch: Some("x86_64".to_owned()),
        boot_mode: BootMode::Uefi,
        kernel: "k".to_owned(),
        ramdisk: "r".to_owned(),
        params: KernelParams::default(),
        callback: Callback::Own(vec!["http://192.0.2.1:8080".to_owned()]),
        dhcp: DhcpProvider::Own,
        addresses: Vec::new(),
    }
}

async fn put_record(store: &Store, number: u128, record: BootRecord) {
    store.write(move |tx| Box::pin(async move { boot_records::put(tx, run_id(number), &record).await })).await.unwrap();
}

#[tokio::test]
async fn s1_a_nic_is_answered_for_its_latest_run_only_until_that_is_removed() {
    let (_place, store) = store().await;
    let macs = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
    let [first, second] = macs.map(|mac| mac.parse().unwrap());
    put_record(&store, 1, boot_record(&macs)).await;
    put_record(&store, 1, boot_record(&[])).await;
    put_record(&store, 2, boot_record(&macs[1..])).await;
    let of = async |mac| boot_records::by_mac(&store.read(), mac).await.unwrap();
    assert_eq!(of(first).await.unwrap().record, boot_record(&macs));
    assert_eq!(of(second).await.unwrap().run, run_id(2));
    assert_eq!(boot_records::runs(&store.read()).await.unwrap().len(), 2);
    assert_eq!(boot_records::of_run(&store.read(), run_id(2)).await.unwrap().unwrap().record, boot_record(&macs[1..]));
    let remove =
        |number| store.write(move |tx| Box::pin(async move { boot_records::remove(tx, run_id(number)).await }));
    remove(2).await.unwrap();
    assert_eq!(of(second).await, None);
    assert!(of(first).await.is_some());
    remove(1).await.unwrap();
    remove(1).await.unwrap();
    assert!(boot_records::runs(&store.read()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_is_one_nics_and_a_nic_has_one_address() {
    let (_place, store) = store().await;
    let lease = |mac: &str, last| Lease {
        mac: mac.parse().unwrap(),
        address: Ipv4Addr::new(192, 0, 2, last),
        expires_at: time(9),
    };
    let put = |lease| store.write(move |tx| Box::pin(async move { leases::put(tx, &lease).await }));
    let (a, b) = ("52:54:00:00:00:01", "52:54:00:00:00:02");
    put(lease(a, 1)).await.unwrap();
    put(lease(b, 2)).await.unwrap();
    put(lease(b, 1)).await.unwrap();
    assert_eq!(leases::list(&store.read()).await.unwrap(), [lease(b, 1)]);
    put(lease(a, 2)).await.unwrap();
    put(Lease { expires_at: time(10), ..lease(a, 2) }).await.unwrap();
    let mac = b.parse().unwrap();
    store.write(move |tx| Box::pin(async move { leases::remove(tx, mac).await })).await.unwrap();
    assert_eq!(leases::list(&store.read()).await.unwrap(), [Lease { expires_at: time(10), ..lease(a, 2) }]);
}
