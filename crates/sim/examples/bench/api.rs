//! Rates of the bare metal API, the same for Assay and for a peer.

use std::time::Duration;

use anyhow::Context as _;
use assay_sim::harness::Rest;
use serde_json::{Value, json};

use crate::measure::{each, rate};

/// The longest page of the API.
pub const PAGE: usize = 1000;

const TIME: Duration = Duration::from_secs(5);
const PREFIX: &str = "assay-bench-";

/// Creates so many nodes, which stay, and reads them.
pub async fn measure(rest: &Rest, nodes: usize) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let create = each(nodes, |index| async move { rest.post("/v1/nodes", &node(index)).await.map(drop) }).await?;
    let read = |path: String| async move { rest.read(&path).await.map(drop) };
    let get = rate(TIME, |index| read(format!("/v1/nodes/{PREFIX}{}", index % nodes.max(1)))).await?;
    let list = rate(TIME, |_| read(format!("/v1/nodes?limit={PAGE}"))).await?;
    let detail = rate(TIME, |_| read(format!("/v1/nodes/detail?limit={PAGE}"))).await?;
    Ok(vec![
        ("create a node", create),
        ("get a node", get),
        ("list 1000 nodes", list),
        ("list 1000 nodes in detail", detail),
    ])
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
