//! Introspections as the introspection API shows them, live, and those that are started there.

use assay_core::power::PowerState;
use assay_sim::{
    Content, Ramdisk, Recording, Request,
    harness::{PATIENCE, Rest, Site},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{callback_of, silent, site};

fn inspector(site: &Site) -> Rest {
    Rest::at(&format!("http://127.0.0.1:{}", site.installation.ports.introspection)).unwrap()
}

async fn status(site: &Site, node: &str) -> Value {
    inspector(site).get(&format!("/v1/introspection/{node}")).await.unwrap()
}

async fn wait_for(site: &Site, node: &str, state: &str) -> Value {
    let began = std::time::Instant::now();
    loop {
        let seen = status(site, node).await;
        if seen["state"] == state {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "not {state}: {seen}; {}", site.log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn posted(site: &Site) -> Value {
    let bytes = Content::Recorded(Recording::BiosFull).bytes(site.world.machine(0));
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn an_inspection_by_agent_is_an_introspection_like_any_other() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let url = callback_of(&site, &node).await;
    let seen = status(&site, &node).await;
    assert_eq!((&seen["state"], &seen["finished"]), (&json!("waiting"), &json!(false)));
    let port = site.installation.ports.introspection;
    let there = url.replace(&site.installation.boot_url(), &format!("http://127.0.0.1:{port}"));
    let answer = reqwest::Client::new().post(there).json(&posted(&site)).send().await.unwrap();
    assert_eq!(answer.status(), 202, "the secret opens every listener");
    site.wait_for(&node, "manageable").await.unwrap();
    assert_eq!(wait_for(&site, &node, "finished").await["error"], json!(null));
    let all = inspector(&site).get("/v1/introspection?state=finished").await.unwrap();
    assert_eq!(all["introspection"][0]["uuid"], node);
}

#[tokio::test]
async fn s9_a_plain_post_reaches_no_managed_run_and_is_answered_as_for_an_unknown_node() {
    let site = site(silent(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    callback_of(&site, &node).await;
    let known = inspector(&site).ask(Method::POST, "/v1/continue", Some(&posted(&site))).await.unwrap();
    site.rest.provision(&node, "abort").await.unwrap();
    site.wait_for(&node, "inspect failed").await.unwrap();
    site.rest.provision(&node, "manage").await.unwrap();
    site.rest.delete(&node).await.unwrap();
    let unknown = inspector(&site).ask(Method::POST, "/v1/continue", Some(&posted(&site))).await.unwrap();
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(known.status, 400);
}

#[tokio::test]
async fn what_is_started_at_the_introspection_api_leaves_state_and_networks_alone() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    let mac = site.world.machine(0).nics[0].to_string();
    site.rest.post("/v1/ports", &json!({"node_uuid": node, "address": mac})).await.unwrap();
    let start = format!("/v1/introspection/{node}");
    inspector(&site).post(&start, &Value::Null).await.unwrap();
    wait_for(&site, &node, "waiting").await;
    let machine = site.world.machine(0).state();
    assert_eq!(machine.writes, [Request::SetBoot, Request::PowerOn]);
    assert_eq!(site.boot_script(0).await.unwrap(), 404, "somebody else boots it");
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "manageable");
    let answer = inspector(&site).ask(Method::POST, "/v1/continue", Some(&posted(&site))).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["uuid"]), (200, &json!(node)));
    wait_for(&site, &node, "finished").await;
    let seen = site.wait_for(&node, "manageable").await.unwrap();
    assert_eq!((&seen["power_state"], &seen["last_error"]), (&json!("power off"), &json!(null)));
    assert_eq!(seen["properties"]["cpu_arch"], "x86_64");
    site.assert_nothing_left(0).await.unwrap();

    inspector(&site).post(&format!("{start}?manage_boot=0"), &Value::Null).await.unwrap();
    wait_for(&site, &node, "waiting").await;
    inspector(&site).post(&format!("{start}/abort"), &Value::Null).await.unwrap();
    assert_eq!(wait_for(&site, &node, "error").await["error"], "Canceled by operator");
    assert_eq!(site.world.machine(0).state().power, PowerState::Off, "it was never switched on");
}
