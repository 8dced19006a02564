//! Backups: from one database into another, and what is refused.

use assay_store::{StoreError, backup, bodies, history, nodes, ports, runs, timeline};

use crate::fixture::{PASSWORD, Place, insert_node, node, node_id, port, run, time};

/// A database with something in every table that has a row of its own, and its backup.
async fn backed_up() -> (Place, Vec<u8>) {
    let place = Place::new().await;
    let store = place.open().await.unwrap();
    for number in 1..=250 {
        insert_node(&store, node(number)).await;
    }
    let fill = store.write(|tx| {
        Box::pin(async move {
            ports::insert(tx, &port(7, node_id(1), "52:54:00:00:00:07")).await?;
            let run = run(9, node_id(1));
            runs::insert(tx, &run, runs::Kept { node: Some(&node(1)), ..runs::Kept::default() }).await?;
            let entry = timeline::Entry { at: time(4), event: "test".to_owned(), text: "a line\nof two".to_owned() };
            timeline::append(tx, run.id, [entry]).await?;
            bodies::accept(tx, run.id, bodies::CompressedBody::compress(b"{}"), Some("kept".to_owned()), time(5)).await
        })
    });
    fill.await.unwrap();
    // The service goes on meanwhile.
    let mut file = Vec::new();
    assert!(backup::backup(&place.database, &mut file).await.unwrap() >= 255);
    drop(store);
    (place, file)
}

#[tokio::test]
async fn a_backup_fills_an_empty_database_and_secrets_stay_sealed_in_it() {
    let (place, file) = backed_up().await;
    let mut plain = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file.as_slice()), &mut plain).unwrap();
    assert!(plain.contains("node-1") && !plain.contains(PASSWORD));

    let other = Place::new().await;
    std::fs::copy(place.key(), other.key()).unwrap();
    backup::restore(&other.database, &other.key(), file.as_slice()).await.unwrap();
    let (was, is) = (place.open().await.unwrap(), other.open().await.unwrap());
    assert_eq!(was.instance(), is.instance());
    for number in [1, 250] {
        let [was, is] =
            [&was, &is].map(|store| async move { nodes::get(&store.read(), node_id(number)).await.unwrap() });
        assert_eq!(was.await.node, is.await.node);
    }
    let id = run(9, node_id(1)).id;
    assert_eq!(runs::get(&was.read(), id).await.unwrap(), runs::get(&is.read(), id).await.unwrap());
    assert_eq!(timeline::list(&was.read(), id).await.unwrap(), timeline::list(&is.read(), id).await.unwrap());
    let body = bodies::of_run(&is.read(), id).await.unwrap().unwrap();
    assert_eq!(bodies::get(&is.read(), body.id, 99).await.unwrap(), b"{}");
    assert_eq!(ports::of_node(&is.read(), node_id(1)).await.unwrap().len(), 1);
    assert!(history::list(&is.read(), node_id(1), &assay_store::page::Page::default()).await.unwrap().is_empty());
    // New rows follow the old ones.
    insert_node(&is, node(251)).await;
}

#[tokio::test]
async fn a_backup_needs_an_empty_database_its_own_key_and_to_be_one() {
    let (place, file) = backed_up().await;
    let full = backup::restore(&place.database, &place.key(), file.as_slice()).await.unwrap_err();
    assert!(matches!(full, StoreError::NotEmpty(_)), "{full}");

    let other = Place::new().await;
    let lost = backup::restore(&other.database, &other.key(), file.as_slice()).await.unwrap_err();
    assert!(matches!(lost, StoreError::KeyLost(_)), "{lost}");
    std::fs::copy(place.key(), other.key()).unwrap();
    let cut = backup::restore(&other.database, &other.key(), &file[..file.len() / 2]).await.unwrap_err();
    assert!(cut.to_string().contains("can't be unpacked"), "{cut}");
}
