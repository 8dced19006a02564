//! Many inspections in flight: all of them wait for their ramdisk, then the ramdisks post.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use assay_sim::{
    Content, Fault, Machine, Recording, Request, Times,
    harness::{Rest, Site},
};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;

use crate::{
    boot_files, figures,
    measure::{each, percentile},
    process::Meter,
    table::Table,
};

/// Posts a second.
const RATE: f64 = 200.0;
/// Bytes of a post.
const BODY: usize = 60_000;
const PATIENCE: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(100);
/// One of so many machines posts while its BMC is slow.
const SHARE: usize = 4;
/// For how long those BMCs keep what follows a callback waiting.
const HOLD: Duration = Duration::from_secs(5);

/// Creates and verifies the nodes of the first machines.
pub async fn enrol(site: &Site, count: usize) -> anyhow::Result<Vec<String>> {
    let nodes = try_join_all((0..count).map(|index| async move {
        let created = site.rest.post("/v1/nodes", &site.node(index)).await?;
        created["uuid"].as_str().map(str::to_owned).context("the node has no uuid")
    }));
    let nodes = nodes.await?;
    each(count, |index| site.rest.provision(&nodes[index], "manage")).await?;
    wait_for(site, "manageable", count).await?;
    Ok(nodes)
}

/// Inspects the nodes, all at the same time.
pub async fn measure(site: &Site, nodes: &[String], binary: &Meter, table: &mut Table) -> anyhow::Result<()> {
    let (count, before) = (nodes.len(), binary.cpu()?);
    each(count, |index| site.rest.provision(&nodes[index], "inspect")).await?;
    let urls = booted(site, 0..count).await?;
    wait_for(site, "inspect wait", count).await?;
    let until_wait = binary.cpu()? - before;
    if let Some(node) = nodes.first() {
        boot_files::measure(site, node, binary, table).await?;
    }

    let (before, first) = (binary.cpu()?, count / SHARE);
    table.add(figures::CALLBACK_CPU, callbacks_alone(site, &urls[..first], binary).await?);
    let posted = post_all(site, first..count, &urls[first..]).await?;
    wait_for(site, "inspect wait", 0).await?;
    wait_for(site, "inspecting", 0).await?;
    let after_wait = binary.cpu()? - before;
    table.add(figures::MEMORY_PEAK, binary.peak()?);
    let mut answers: Vec<f64> = posted.iter().map(|post| post.answered_in.as_secs_f64() * 1e3).collect();
    table.add(figures::CALLBACK_MEDIAN, percentile(&mut answers, 0.5));
    table.add(figures::CALLBACK_P99, percentile(&mut answers, 0.99));
    let each = |seconds: f64| seconds * 1e3 / count.max(1) as f64;
    table.add(figures::INSPECTION_CPU, each(until_wait + after_wait));
    let mut until_manageable = Vec::new();
    for (node, post) in nodes[first..].iter().zip(&posted) {
        until_manageable.push(manageable_after(site, node, post.at).await?);
    }
    table.add(figures::MANAGEABLE_MEDIAN, percentile(&mut until_manageable, 0.5));
    table.add(figures::MANAGEABLE_P99, percentile(&mut until_manageable, 0.99));
    Ok(())
}

/// The milliseconds that the callbacks of the first machines take each, without what follows: their BMCs wait with it.
async fn callbacks_alone(site: &Site, urls: &[String], binary: &Meter) -> anyhow::Result<f64> {
    site.world.inject(None, Request::System, Fault::Slow(HOLD), Times::Always);
    let (before, until) = (binary.cpu()?, Instant::now() + HOLD);
    post_all(site, 0..urls.len(), urls).await?;
    // The last inventory is read and stored by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(Instant::now() < until, "the posts took longer than the BMCs were slow");
    let each = (binary.cpu()? - before) * 1e3 / urls.len().max(1) as f64;
    site.world.heal();
    wait_for(site, "inspecting", 0).await?;
    Ok(each)
}

/// A post of a ramdisk.
pub struct Post {
    at: DateTime<Utc>,
    answered_in: Duration,
}

/// The callback URLs of the machines, when all their ramdisks have them.
pub async fn booted(site: &Site, machines: Range<usize>) -> anyhow::Result<Vec<String>> {
    let url = |index: usize| async move {
        let machine = site.world.machine(index);
        let known = |state: &assay_sim::State| state.boots.last().is_some_and(|boot| boot.callback.is_some());
        let state = machine.wait_for("callback URL", PATIENCE, known).await.with_context(|| site.log())?;
        state.boots.last().and_then(|boot| boot.callback.clone()).context("no callback URL")
    };
    try_join_all(machines.map(url)).await
}

/// Posts for each of the machines at a constant rate, whatever the answers take.
pub async fn post_all(site: &Site, machines: Range<usize>, urls: &[String]) -> anyhow::Result<Vec<Post>> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let began = tokio::time::Instant::now();
    let first = machines.start;
    let post = |(machine, url): (usize, &String)| {
        let request = client.post(url).header("Content-Type", "application/json");
        let body = body(site.world.machine(machine));
        let due = began + Duration::from_secs_f64((machine - first) as f64 / RATE);
        async move {
            tokio::time::sleep_until(due).await;
            let (at, sent) = (Utc::now(), Instant::now());
            let answer = request.body(body).send().await?;
            ensure!(answer.status().is_success(), "a post got {}", answer.status());
            answer.bytes().await?;
            Ok(Post { at, answered_in: sent.elapsed() })
        }
    };
    try_join_all(machines.zip(urls).map(post)).await
}

/// The recorded body of a UEFI machine, filled up as by one more collector.
pub fn body(machine: &Machine) -> Vec<u8> {
    let mut body = Content::Recorded(Recording::Uefi).bytes(machine).to_vec();
    body.pop();
    let filling = "f".repeat(BODY.saturating_sub(body.len()));
    body.extend_from_slice(format!(",\"filling\":\"{filling}\"}}").as_bytes());
    body
}

/// How long after its post the node became manageable, in milliseconds.
async fn manageable_after(site: &Site, node: &str, posted: DateTime<Utc>) -> anyhow::Result<f64> {
    let node = site.rest.node(node).await?;
    ensure!(node["provision_state"] == "manageable", "a node ended {}", node["provision_state"]);
    let at: DateTime<Utc> = node["provision_updated_at"].as_str().context("no time")?.parse()?;
    Ok((at - posted).num_microseconds().unwrap_or(i64::MAX) as f64 / 1e3)
}

/// Waits until so many nodes (or a full page of them) are in a provision state.
pub async fn wait_for(site: &Site, state: &str, count: usize) -> anyhow::Result<()> {
    reached(&site.rest, state, count, POLL).await.with_context(|| site.installation.log_tail(5))
}

/// The same of any service, asked so often.
pub async fn reached(rest: &Rest, state: &str, count: usize, poll: Duration) -> anyhow::Result<()> {
    let (path, began) = (format!("/v1/nodes?provision_state={}&limit=1000", state.replace(' ', "%20")), Instant::now());
    loop {
        let found = rest.get(&path).await?["nodes"].as_array().map_or(0, Vec::len);
        if found == count.min(1000) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{found} nodes are '{state}' instead of {count}");
        tokio::time::sleep(poll).await;
    }
}
