//! What is in the files.

use std::fs;

use assay_core::node::Timestamp;
use assay_store::{nodes, timeline};
use futures::future::join_all;

use crate::fixture::{Place, insert_node, node, node_id, run, store};

/// How many commits the write-ahead log holds: a frame whose second word is not zero ends one
/// (SQLite's file format, section 4.1).
fn commits(place: &Place) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let log = fs::read(place.dir.path().join("assay.sqlite").with_extension("sqlite-wal")).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    log[HEADER..].chunks_exact(FRAME_HEADER + page).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn two_hundred_waiting_writes_share_a_few_commits() {
    let (place, store) = store().await;
    insert_node(&store, node(1)).await;
    let before = commits(&place);
    let writes = (0..200).map(|second| {
        let entry = timeline::Entry {
            at: Timestamp::from_timestamp(second, 0).unwrap(),
            event: "test".to_owned(),
            text: String::new(),
        };
        store.write(|tx| Box::pin(async move { timeline::append(tx, run(1, node_id(1)).id, [entry]).await }))
    });
    assert!(join_all(writes).await.into_iter().all(|written| written.is_ok()));
    let made = commits(&place) - before;
    assert!((1..=5).contains(&made), "{made} commits");
    assert_eq!(timeline::list(&store.read(), run(1, node_id(1)).id).await.unwrap().len(), 200);
}

#[tokio::test]
async fn s13_the_databases_files_hold_no_password() {
    let (place, store) = store().await;
    insert_node(&store, node(1)).await;
    let listed = nodes::list(&store.read(), &nodes::NodeFilter::default(), &assay_store::page::Page::default()).await;
    assert!(listed.unwrap()[0].doc.contains("redfish_username"), "the test looks at the right data");
    let mut files = 0;
    let mut seen = Vec::new();
    for entry in fs::read_dir(place.dir.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        seen.extend(bytes);
    }
    assert!(files >= 4, "database, log, lock and key");
    let holds = |text: &str| seen.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("redfish_username"));
    assert!(!holds(crate::fixture::PASSWORD));
}
