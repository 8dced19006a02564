//! Opening a database: new, ours, and another service's.

use std::fs;

use assay_store::{Store, StoreError};

use crate::fixture::{Place, insert_node, node};

#[tokio::test]
async fn a_new_database_gets_a_mark_and_keeps_it() {
    let place = Place::new().await;
    let store = place.open().await.unwrap();
    let mark = store.instance().to_owned();
    assert_eq!(mark.len(), 8);
    drop(store);
    assert_eq!(place.open().await.unwrap().instance(), mark);
}

#[tokio::test]
async fn another_services_database_is_refused_and_left_alone() {
    let place = Place::new().await;
    place.execute("CREATE TABLE nodes (id INTEGER); CREATE TABLE alembic_version (version_num TEXT)").await;
    let refused = place.open().await.unwrap_err();
    assert!(refused.to_string().contains("is another service's database"), "{refused}");
    assert!(!place.key().exists(), "no key is made for it");
    place.execute("SELECT id FROM nodes").await;
}

#[tokio::test]
async fn tables_like_ours_without_our_row_are_refused() {
    let place = Place::new().await;
    drop(place.open().await.unwrap());
    place.execute("DELETE FROM assay_meta").await;
    assert!(matches!(place.open().await, Err(StoreError::Foreign(_))));
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_start_and_by_upgrade() {
    let place = Place::new().await;
    drop(place.open().await.unwrap());
    place.execute("UPDATE assay_meta SET schema = 99").await;
    let refused = place.open().await.unwrap_err();
    assert!(refused.to_string().contains("has schema 99"), "{refused}");
    assert!(matches!(Store::upgrade(&place.database, &place.key()).await, Err(StoreError::Newer { found: 99, .. })));
}

#[tokio::test]
async fn an_older_schema_waits_for_the_upgrade_verb() {
    let place = Place::new().await;
    drop(place.open().await.unwrap());
    place.execute("UPDATE assay_meta SET schema = 0").await;
    let refused = place.open().await.unwrap_err();
    assert!(refused.to_string().contains("assay db upgrade"), "{refused}");
    drop(Store::upgrade(&place.database, &place.key()).await.unwrap());
    place.open().await.unwrap();
}

#[tokio::test]
async fn a_lost_key_and_a_wrong_key_have_their_own_sentences() {
    let place = Place::new().await;
    let store = place.open().await.unwrap();
    insert_node(&store, node(1)).await;
    drop(store);
    let kept = fs::read(place.key()).unwrap();
    fs::remove_file(place.key()).unwrap();
    let lost = place.open().await.unwrap_err();
    assert!(lost.to_string().contains("is gone, but the database holds"), "{lost}");
    let elsewhere = Place::new().await;
    drop(elsewhere.open().await.unwrap());
    fs::copy(elsewhere.key(), place.key()).unwrap();
    assert!(matches!(place.open().await, Err(StoreError::KeyWrong(_))));
    fs::write(place.key(), kept).unwrap();
    place.open().await.unwrap();
}
