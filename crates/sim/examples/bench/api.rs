//! The bare metal API, measured by the same client for Assay and for a peer.

use std::time::Duration;

use anyhow::Context as _;
use assay_sim::harness::Rest;
use serde_json::{Value, json};

use crate::{
    figures::{CREATE, Call, DETAIL, Figure, GET, LIST},
    measure::{alone, each, rate},
    process::Meter,
};

/// The longest page of the API.
pub const PAGE: usize = 1000;

const TIME: Duration = Duration::from_secs(3);
const PREFIX: &str = "assay-bench-";

/// Figures with their values.
pub type Values = Vec<(Figure, f64)>;

/// Creates so many nodes, which stay.
pub async fn create(rest: &Rest, nodes: usize, server: Option<&Meter>) -> anyhow::Result<Values> {
    let post = |index| async move { rest.post("/v1/nodes", &node(index)).await.map(drop) };
    let first = nodes / 20;
    let median = alone(first, &post).await?;
    let before = server.map(Meter::cpu).transpose()?;
    let many = each(nodes - first, |index| post(first + index)).await?;
    let mut values = vec![(CREATE.alone, median), (CREATE.rate, many)];
    if let (Some(server), Some(before)) = (server, before) {
        values.push((CREATE.cpu, (server.cpu()? - before) * 1e3 / (nodes - first).max(1) as f64));
    }
    Ok(values)
}

/// Reads the nodes that were created: one by one, and in lists.
pub async fn read(rest: &Rest, nodes: usize, server: Option<&Meter>) -> anyhow::Result<Values> {
    let mut values = Vec::new();
    values.extend(call(rest, server, GET, |index| format!("/v1/nodes/{PREFIX}{}", index % nodes.max(1))).await?);
    values.extend(call(rest, server, LIST, |_| format!("/v1/nodes?limit={PAGE}")).await?);
    values.extend(call(rest, server, DETAIL, |_| format!("/v1/nodes/detail?limit={PAGE}")).await?);
    Ok(values)
}

async fn call(
    rest: &Rest,
    server: Option<&Meter>,
    call: Call,
    path: impl Fn(usize) -> String,
) -> anyhow::Result<Values> {
    let get = |index| {
        let path = path(index);
        async move { rest.read(&path).await.map(drop) }
    };
    let median = alone(100, &get).await?;
    let before = server.map(Meter::cpu).transpose()?;
    let (count, many) = rate(TIME, &get).await?;
    let mut values = vec![(call.alone, median), (call.rate, many)];
    if let (Some(server), Some(before)) = (server, before) {
        values.push((call.cpu, (server.cpu()? - before) * 1e3 / count.max(1) as f64));
    }
    Ok(values)
}

/// Deletes the nodes of the benchmark.
pub async fn clean_up(rest: &Rest) -> anyhow::Result<()> {
    loop {
        let page = rest.get("/v1/nodes?fields=uuid,name").await?;
        let nodes = page["nodes"].as_array().context("no list of nodes")?;
        let ours = nodes.iter().filter(|node| node["name"].as_str().is_some_and(|name| name.starts_with(PREFIX)));
        let ours: Vec<&str> = ours.filter_map(|node| node["uuid"].as_str()).collect();
        if ours.is_empty() {
            return Ok(());
        }
        each(ours.len(), |index| rest.delete(ours[index])).await?;
    }
}

fn node(index: usize) -> Value {
    json!({
        "name": format!("{PREFIX}{index}"),
        "driver": "fake-hardware",
        "properties": {"cpu_arch": "x86_64", "capabilities": "boot_mode:uefi"},
        "extra": {"rack": format!("r{}", index % 40), "purpose": "benchmark"},
    })
}
