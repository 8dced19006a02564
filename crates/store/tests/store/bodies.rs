//! Posted bodies: on disk before the answer.

use std::{env, process::Command};

use assay_store::{
    Database, Store,
    bodies::{self, Accepted, CompressedBody},
};
use futures::future::join_all;

use crate::fixture::{Place, node_id, run, store, time};

const INVENTORY: &[u8] = include_bytes!("../data/four-nics.json");
const LIMIT: usize = 10 * 1024 * 1024;

async fn accept(store: &Store, number: u128, raw: &[u8], reply: &str) -> Accepted {
    let body = CompressedBody::compress(raw);
    let reply = Some(reply.to_owned());
    store
        .write(move |tx| {
            Box::pin(async move { bodies::accept(tx, run(number, node_id(1)).id, body, reply, time(5)).await })
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn s3_a_second_body_changes_nothing_and_gets_the_first_answer() {
    let (_place, store) = store().await;
    let first = accept(&store, 1, INVENTORY, "first").await;
    assert!(first.first);
    for raw in [INVENTORY, b"{}"] {
        let again = accept(&store, 1, raw, "second").await;
        assert_eq!(again, Accepted { first: false, ..first.clone() });
        assert_eq!(again.reply.as_deref(), Some("first"));
    }
    assert_eq!(bodies::get(&store.read(), first.id, LIMIT).await.unwrap(), INVENTORY);
    assert_eq!(bodies::of_run(&store.read(), run(2, node_id(1)).id).await.unwrap(), None);
}

#[tokio::test]
async fn s3_of_twenty_posts_at_once_one_is_accepted() {
    let (_place, store) = store().await;
    let raws: Vec<String> = (0..20).map(|number| format!("{{\"number\":{number}}}")).collect();
    let all = join_all(raws.iter().map(|raw| accept(&store, 1, raw.as_bytes(), raw))).await;
    let winner = all.iter().position(|accepted| accepted.first).unwrap();
    assert_eq!(all.iter().filter(|accepted| accepted.first).count(), 1);
    assert!(all.iter().all(|accepted| accepted.reply.as_ref() == Some(&raws[winner])));
    assert_eq!(bodies::get(&store.read(), all[0].id, LIMIT).await.unwrap(), raws[winner].as_bytes());
}

#[tokio::test]
async fn a_late_reply_is_what_repeated_posts_get() {
    let (_place, store) = store().await;
    let first = accept(&store, 1, b"{}", "").await;
    store.write(move |tx| Box::pin(async move { bodies::set_reply(tx, first.id, "late").await })).await.unwrap();
    assert_eq!(accept(&store, 1, b"{}", "other").await.reply.as_deref(), Some("late"));
}

#[tokio::test]
async fn a_body_that_unpacks_beyond_the_limit_is_not_read() {
    let (_place, store) = store().await;
    let first = accept(&store, 1, &[b' '; 5000], "").await;
    assert_eq!(bodies::get(&store.read(), first.id, 5000).await.unwrap().len(), 5000);
    let refused = bodies::get(&store.read(), first.id, 4999).await.unwrap_err();
    assert!(refused.to_string().contains("unpacks to more than 4999 bytes"), "{refused}");
}

/// Names the key file and the database with which a second process of this test stores a body and dies.
const DYING_KEY: &str = "ASSAY_TEST_DYING_KEY";
const DYING_DATABASE: &str = "ASSAY_TEST_DYING_DATABASE";

/// Runs itself once more as a process that ends without any clean-up right after the write.
#[tokio::test]
async fn s7_an_accepted_body_survives_the_death_of_the_process() {
    if let (Some(key), Ok(database)) = (env::var_os(DYING_KEY), env::var(DYING_DATABASE)) {
        let store = Store::open(&Database::parse(&database).unwrap(), key.as_ref()).await.unwrap();
        accept(&store, 1, INVENTORY, "kept").await;
        std::process::abort();
    }
    let place = Place::new().await;
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "bodies::s7_an_accepted_body_survives_the_death_of_the_process"])
        .env(DYING_KEY, place.key())
        .env(DYING_DATABASE, place.connection())
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the process was to die");
    let store = place.open().await.unwrap();
    let kept = bodies::of_run(&store.read(), run(1, node_id(1)).id).await.unwrap().unwrap();
    assert_eq!(kept.reply.as_deref(), Some("kept"));
    assert_eq!(bodies::get(&store.read(), kept.id, LIMIT).await.unwrap(), INVENTORY);
}
