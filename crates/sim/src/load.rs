//! Load on a service that runs: so many machines are enrolled through its API, all inspected at the same time, and deleted.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Hardware, Ramdisk, World, harness::Rest};

/// Requests under way at the same time.
const AT_ONCE: usize = 32;
/// The pause between two looks at all nodes.
const LOOK: Duration = Duration::from_millis(500);
/// The nodes of one page.
const PAGE: usize = 1000;
/// How long the end of inspections that are called off may take.
const CALLED_OFF: Duration = Duration::from_secs(60);
/// The states of an inspection that goes on.
const UNDER_WAY: [&str; 2] = ["inspecting", "inspect wait"];

/// What is wanted.
pub struct Load {
    /// How many machines.
    pub machines: usize,
    /// The bare metal API.
    pub api: String,
    /// The boot listener, as the machines see it.
    pub boot_url: String,
    /// How long a ramdisk works before it posts.
    pub work: Duration,
    /// How long all inspections together may take.
    pub patience: Duration,
}

/// What came of it.
pub struct Report {
    /// How long it took until all nodes were verified.
    pub enrolling: Duration,
    /// How long it took from the first request until the last inspection had ended.
    pub inspecting: Duration,
    /// How long after the first request each inspection had ended that ended well, the shortest first.
    pub took: Vec<Duration>,
    /// Why the others failed.
    pub failed: Vec<String>,
}

/// Puts the load on the service; what was enrolled is deleted again, whatever happened.
///
/// # Errors
/// The service can't be reached, or refuses what the load needs; time is over.
pub async fn put(load: &Load) -> anyhow::Result<Report> {
    let ramdisk = Ramdisk { work: load.work, second: Duration::from_secs(1), ..Ramdisk::default() };
    let world = World::start(Hardware { machines: load.machines, ramdisk, ..Hardware::default() }).await?;
    world.boot_from(&load.boot_url);
    let rest = Rest::at(&load.api)?;
    let began = Instant::now();
    let enrol = stream::iter(0..load.machines).map(|machine| enrol(&rest, &world, machine));
    let enrolled: Vec<anyhow::Result<String>> = enrol.buffer_unordered(AT_ONCE).collect().await;
    let nodes: Vec<String> = enrolled.iter().flatten().cloned().collect();
    let report = match enrolled.into_iter().find_map(Result::err) {
        Some(refused) => Err(refused),
        None => inspect_all(&rest, &nodes, load, began).await,
    };
    if report.is_err() {
        call_off(&rest, &nodes).await?;
    }
    let delete = stream::iter(&nodes).map(|node| delete(&rest, node)).buffer_unordered(AT_ONCE);
    let deleted = delete.try_collect::<()>().await;
    let report = report?;
    deleted.map(|()| report)
}

async fn inspect_all(rest: &Rest, nodes: &[String], load: &Load, began: Instant) -> anyhow::Result<Report> {
    let deadline = began + load.patience;
    ask_all(rest, nodes, "manage").await?;
    let verified = |node: &Value| node["provision_state"] == "manageable";
    all_are(rest, nodes, deadline, "verified", verified).await?;
    let (enrolling, asked, asked_at) = (began.elapsed(), Instant::now(), Utc::now());
    ask_all(rest, nodes, "inspect").await?;
    let shown = all_are(rest, nodes, deadline, "inspected", has_ended).await?;
    let inspecting = asked.elapsed();
    let (well, ill): (Vec<_>, Vec<_>) = shown.iter().partition(|node| node["provision_state"] == "manageable");
    let mut took = well.iter().map(|node| finished_after(node, asked_at)).collect::<anyhow::Result<Vec<Duration>>>()?;
    took.sort_unstable();
    let failed = ill.iter().map(|node| format!("{}: {}", node["name"], node["last_error"])).collect();
    Ok(Report { enrolling, inspecting, took, failed })
}

async fn ask_all(rest: &Rest, nodes: &[String], target: &str) -> anyhow::Result<()> {
    let ask = stream::iter(nodes).map(|node| rest.provision(node, target));
    ask.buffer_unordered(AT_ONCE).try_collect().await
}

async fn enrol(rest: &Rest, world: &World, machine: usize) -> anyhow::Result<String> {
    let (user, password) = world.credentials();
    let system = format!("/redfish/v1/Systems/{}", world.machine(machine).system);
    let info = json!({"redfish_address": world.bmc_url(), "redfish_system_id": system, "redfish_username": user,
        "redfish_password": password});
    let node = json!({"name": format!("simulated-{machine}"), "driver": "redfish", "driver_info": info,
        "network_interface": "noop", "inspect_interface": "agent"});
    let created = rest.post("/v1/nodes", &node).await?;
    Ok(created["uuid"].as_str().context("the node has no uuid")?.to_owned())
}

/// Ends the inspections that still wait, while their BMCs are there to be put back.
async fn call_off(rest: &Rest, nodes: &[String]) -> anyhow::Result<()> {
    for node in nodes {
        // Most are not waiting, and are refused.
        rest.ask(Method::PUT, &format!("/v1/nodes/{node}/states/provision"), Some(&json!({"target": "abort"}))).await?;
    }
    all_are(rest, nodes, Instant::now() + CALLED_OFF, "called off", has_ended).await.map(drop)
}

async fn delete(rest: &Rest, node: &str) -> anyhow::Result<()> {
    rest.put(&format!("/v1/nodes/{node}/maintenance"), &json!({})).await?;
    rest.delete(node).await
}

/// Looks at our nodes until each of them is `wanted`, and returns them.
async fn all_are(
    rest: &Rest,
    nodes: &[String],
    deadline: Instant,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Vec<Value>> {
    let ours: HashSet<&str> = nodes.iter().map(String::as_str).collect();
    loop {
        let mut shown = list(rest).await?;
        shown.retain(|node| node["uuid"].as_str().is_some_and(|id| ours.contains(id)));
        let done = shown.iter().filter(|node| wanted(node)).count();
        if done == nodes.len() {
            return Ok(shown);
        }
        let left =
            shown.iter().find(|node| !wanted(node)).map(|node| format!("{}: {}", node["name"], node["last_error"]));
        ensure!(
            Instant::now() < deadline,
            "{done} of {} are {what} in time; {}",
            nodes.len(),
            left.unwrap_or_default()
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// All nodes, page by page.
async fn list(rest: &Rest) -> anyhow::Result<Vec<Value>> {
    const FIELDS: &str = "uuid,name,provision_state,last_error,inspection_finished_at";
    let (mut all, mut marker) = (Vec::new(), String::new());
    loop {
        let mut page = rest.get(&format!("/v1/nodes?fields={FIELDS}&limit={PAGE}{marker}")).await?;
        let Value::Array(nodes) = page["nodes"].take() else { return Ok(all) };
        let (count, last) = (nodes.len(), nodes.last().map(|node| node["uuid"].clone()));
        all.extend(nodes);
        match last.as_ref().and_then(Value::as_str) {
            Some(last) if count == PAGE => marker = format!("&marker={last}"),
            _ => return Ok(all),
        }
    }
}

fn has_ended(node: &Value) -> bool {
    !UNDER_WAY.iter().any(|state| node["provision_state"] == *state)
}

fn finished_after(node: &Value, asked: DateTime<Utc>) -> anyhow::Result<Duration> {
    let at: DateTime<Utc> = node["inspection_finished_at"].as_str().context("an inspection without an end")?.parse()?;
    // The API's times are whole seconds.
    Ok((at - asked).to_std().unwrap_or_default())
}
