//! A conductor is frozen for longer than its lease while an effect that can land late is under way. The other ends the run;
//! what the frozen one still sends when it goes on changes nothing for good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use assay_sim::{Cloud, CloudSetup, Hardware, Ramdisk, harness::PATIENCE};
use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::{Value, json};

use crate::pair::Pair;

/// The lease of 60 s, what the other needs to notice, and the end of the run.
const LONG: Duration = Duration::from_secs(150);
/// What a thawed conductor may need until it has seen that it was replaced: one more lease of waiting for the node.
const THAW: Duration = Duration::from_secs(8);

/// What is around the conductors besides the machine and its BMC.
#[derive(Default)]
struct Surroundings {
    /// What the node is created with.
    node: Value,
    options: Vec<(&'static str, String)>,
    cloud: Option<Cloud>,
    /// How often an introspection service was told to start.
    starts: Arc<AtomicUsize>,
}

impl Surroundings {
    fn of_node(node: Value) -> Self {
        Self { node, ..Self::default() }
    }

    /// How many requests came that were to change something: at the BMC, at Neutron, at the introspection service.
    fn changes(&self, pair: &Pair) -> [usize; 3] {
        let made = |cloud: &Cloud| cloud.requests().iter().filter(|seen| seen.method != "GET").count();
        let writes = pair.world.machine(0).state().writes.len();
        [writes, self.cloud.as_ref().map_or(0, made), self.starts.load(Ordering::SeqCst)]
    }

    /// Its NIC is plugged into the cloud's switch.
    async fn plug(&self, pair: &Pair, node: &str) {
        let Some(cloud) = &self.cloud else { return };
        pair.world.addresses_from(cloud);
        let port = json!({"node_uuid": node, "address": pair.world.machine(0).nics[0], "local_link_connection": cloud.link("swp0")});
        pair.members[0].rest.post("/v1/ports", &port).await.unwrap();
    }
}

/// Freezes the first conductor where it is about to do `effect`, lets the second end the run, and lets the first go on.
async fn frozen_before(effect: &str, around: Surroundings) {
    let hardware = Hardware { ramdisk: Ramdisk { posts: 0, ..Ramdisk::default() }, ..Hardware::default() };
    let mut pair = Pair::new(hardware, [&[], &[]]).await.unwrap();
    let file = pair.members[0].installation.path("paused");
    let (hold, at) = (file.display().to_string(), format!("before_effect:{effect}"));
    let options: Vec<(&str, &str)> = around.options.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let held = [("ASSAY_HOLD_AT", at.as_str()), ("ASSAY_PAUSE_FILE", &hold)];
    pair.start(0, &[&options[..], &held].concat()).await.unwrap();
    pair.start(1, &options).await.unwrap();
    let node = pair.enrol(0, 0, &around.node).await.unwrap();
    around.plug(&pair, &node).await;
    pair.members[0].rest.provision(&node, "inspect").await.unwrap();
    let first = pair.members[0].process.as_mut().unwrap();
    first.wait_for_file(&file, PATIENCE).await.unwrap();
    pair.signal(0, "STOP").await.unwrap();
    pair.tell(&format!("conductor one is frozen before {effect}"));
    pair.world.boot_from(&pair.members[1].installation.boot_url());

    let other = &pair.members[1].rest;
    other.wait_for(&node, "inspect wait", LONG).await.unwrap();
    other.provision(&node, "abort").await.unwrap();
    other.wait_for(&node, "inspect failed", PATIENCE).await.unwrap();
    pair.nothing_left(0, &[1]).await.unwrap();
    pair.tell("conductor two has ended the run");
    let changes = around.changes(&pair);

    std::fs::remove_file(&file).unwrap();
    pair.signal(0, "CONT").await.unwrap();
    tokio::time::sleep(THAW).await;
    pair.nothing_left(0, &[0, 1]).await.unwrap_or_else(|left| panic!("{left:#}\n{}", pair.logs()));
    assert_eq!(around.changes(&pair), changes, "the frozen conductor sent something\n{}", pair.logs());
    let ports = around.cloud.as_ref().map(Cloud::ports).unwrap_or_default();
    assert!(ports.is_empty(), "{ports:?}");
    let shown: Value = pair.members[0].rest.get(&format!("/v1/nodes/{node}")).await.unwrap();
    assert_eq!(shown["provision_state"], "inspect failed");
    pair.tell("conductor one goes on, and has sent nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_power_on_sends_nothing_any_more() {
    frozen_before("PowerOn", Surroundings::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_the_boot_device_sends_nothing_any_more() {
    frozen_before("SetBootDevice", Surroundings::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_the_disc_sends_nothing_any_more() {
    frozen_before("InsertMedia", Surroundings::of_node(json!({"boot_interface": "redfish-virtual-media"}))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_neutrons_port_sends_nothing_any_more() {
    let cloud = Cloud::start(CloudSetup::on_loopback()).await.unwrap();
    let (options, node) = (cloud.options(), json!({"network_interface": "neutron"}));
    frozen_before(
        "AddInspectionNetwork",
        Surroundings { node, options, cloud: Some(cloud), ..Surroundings::default() },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_the_introspection_sends_nothing_any_more() {
    let starts = Arc::new(AtomicUsize::new(0));
    let url = introspection_service(Arc::clone(&starts)).await;
    let options = vec![("OS_INSPECTOR__ENDPOINT_OVERRIDE", url)];
    let node = json!({"inspect_interface": "inspector"});
    frozen_before("StartIntrospection", Surroundings { node, options, starts, ..Surroundings::default() }).await;
}

/// An introspection service that waits for ever, and counts how often it is told to start.
async fn introspection_service(starts: Arc<AtomicUsize>) -> String {
    let start = move || {
        starts.fetch_add(1, Ordering::SeqCst);
        async { StatusCode::ACCEPTED }
    };
    let status = || async { Json(json!({"finished": false, "error": null, "state": "waiting"})) };
    let abort = || async { StatusCode::ACCEPTED };
    let router = Router::new()
        .route("/v1/introspection/{node}", get(status).post(start))
        .route("/v1/introspection/{node}/abort", axum::routing::post(abort));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
