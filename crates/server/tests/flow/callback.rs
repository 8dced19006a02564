//! What ramdisks, and those who pretend to be one, post to the callback.

use assay_sim::{
    Content, Ramdisk, Recording,
    harness::{PATIENCE, Site},
};
use bytes::Bytes;
use serde_json::Value;

use crate::{callback_of, last_error, silent, site};

async fn post(url: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
    let request = reqwest::Client::new().post(url).header("Content-Type", "application/json").body(body);
    let answer = request.timeout(PATIENCE).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn good(site: &Site) -> Bytes {
    Content::Recorded(Recording::BiosFull).bytes(site.world.machine(0))
}

/// The URL with its last segments replaced.
fn with_end(url: &str, segments: &[&str]) -> String {
    let kept: Vec<&str> = url.rsplitn(segments.len() + 1, '/').collect();
    [&[kept[segments.len()]], segments].concat().join("/")
}

#[tokio::test]
async fn s9_without_the_runs_secret_nothing_is_accepted_and_the_answer_does_not_tell_why() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let url = callback_of(&site, &node).await;
    let run = url.rsplit('/').nth(1).unwrap().to_owned();
    let nobody = "00000000-0000-4000-8000-000000000000";
    let secret = url.rsplit('/').next().unwrap().to_owned();
    let mut answers = Vec::new();
    for segments in [[run.as_str(), &"A".repeat(43)], [nobody, &secret], [&run, "short"], [nobody, "x"]] {
        answers.push(post(&with_end(&url, &segments), good(&site)).await);
    }
    let plain = url.rsplitn(3, '/').last().unwrap();
    answers.push(post(plain, good(&site)).await);
    assert!(answers.iter().all(|(status, _)| *status == 404), "{answers:?}");
    assert!(answers[..4].windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "inspect wait");

    assert_eq!(post(&url, good(&site)).await.0, 202);
    site.wait_for(&node, "manageable").await.unwrap();
}

#[tokio::test]
async fn s9_the_script_with_the_secret_is_served_to_the_first_requester_only() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    callback_of(&site, &node).await;
    let mac = site.world.machine(0).nics[0].hyphenated();
    let url = format!("{}/pxelinux.cfg/{mac}", site.installation.boot_url());
    let other = reqwest::Client::builder().local_address("127.0.0.2".parse::<std::net::IpAddr>().unwrap()).build();
    let stolen = other.unwrap().get(&url).send().await.unwrap();
    assert!(!stolen.status().is_success(), "{}", stolen.status());
    assert!(!stolen.text().await.unwrap().contains("continue"));
    assert_eq!(site.boot_script(0).await.unwrap(), 200, "the machine itself is still answered");
}

#[tokio::test]
async fn s10_bodies_that_are_too_large_too_deep_or_not_json_change_nothing() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let url = callback_of(&site, &node).await;
    let machine = site.world.machine(0);
    let bad = [
        Content::oversized(17 << 20).bytes(machine),
        Content::nested(100_000).bytes(machine),
        Bytes::from_static(b"this is not JSON"),
        Bytes::from_static(b"\xff\xfe\0"),
        Bytes::new(),
    ];
    let client = reqwest::Client::new();
    for body in bad {
        let size = body.len();
        match client.post(&url).body(body).timeout(PATIENCE).send().await {
            Ok(answer) => assert!(answer.status().is_client_error(), "{size} bytes: {}", answer.status()),
            // What is too large by its own word is refused unread, which its sender may meet while it still writes.
            Err(cut) => assert!(size > 16 << 20 && !cut.is_timeout(), "{size} bytes: {cut}"),
        }
    }
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "inspect wait");
    assert_eq!(post(&url, good(&site)).await.0, 202);
    site.wait_for(&node, "manageable").await.unwrap();
}

#[tokio::test]
async fn s3_a_ramdisk_that_posts_twice_gets_the_same_answer_and_one_inventory() {
    let site = site(Ramdisk { posts: 2, ..Ramdisk::default() }, &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let boots = site.world.machine(0).state().boots;
    let url = boots[0].callback.clone().unwrap();
    let first = &boots[0].answers[0];
    assert_eq!(first.status, 202);

    let inventory = || async { site.rest.get(&format!("/v1/nodes/{node}/inventory")).await.unwrap() };
    let before = inventory().await;
    let other = Content::RamdiskError("a later post".into()).bytes(site.world.machine(0));
    assert_eq!(post(&url, other).await, (first.status, first.body.clone()));
    assert_eq!(inventory().await, before);
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "manageable");
}

#[tokio::test]
async fn s3_two_posts_at_the_same_time_are_one() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let url = callback_of(&site, &node).await;
    let (one, other) = tokio::join!(post(&url, good(&site)), post(&url, good(&site)));
    assert_eq!(one, other);
    assert_eq!(one.0, 202);
    let body: Value = serde_json::from_str(&one.1).unwrap();
    assert_eq!(body["uuid"], node);
    site.wait_for(&node, "manageable").await.unwrap();
}

#[tokio::test]
async fn a_post_after_an_abort_is_refused() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let url = callback_of(&site, &node).await;
    site.rest.provision(&node, "abort").await.unwrap();
    let seen = site.wait_for(&node, "inspect failed").await.unwrap();
    assert!(last_error(&seen).contains("aborted"), "{}", last_error(&seen));
    site.assert_nothing_left(0).await.unwrap();
    assert_eq!(post(&url, good(&site)).await.0, 404);
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "inspect failed");
}

#[tokio::test]
async fn what_the_ramdisk_reports_as_its_error_fails_the_inspection() {
    let content = Content::RamdiskError("no disk found".into());
    let site = site(Ramdisk { content, ..Ramdisk::default() }, &[]).await;
    let node = site.enrol(0).await.unwrap();
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    assert!(last_error(&seen).contains("no disk found"), "{}", last_error(&seen));
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn s6_a_silent_ramdisk_times_out_and_the_error_says_how_far_it_came() {
    let site = site(silent(), &[("OS_CONDUCTOR__INSPECT_WAIT_TIMEOUT", "2")]).await;
    let node = site.enrol(0).await.unwrap();
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    assert!(last_error(&seen).contains("Timeout reached"), "{}", last_error(&seen));
    assert!(last_error(&seen).to_lowercase().contains("last seen: ramdisk"), "{}", last_error(&seen));
    site.assert_nothing_left(0).await.unwrap();
}
