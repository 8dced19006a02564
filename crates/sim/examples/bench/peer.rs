//! A peer, measured by the same client, on the same machine, in the same run: Ironic with its `agent` inspect interface.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use assay_sim::{Hardware, World, harness::Rest};
use clap::Args;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{
    api, figures,
    inspections::{body, reached},
    measure::each,
    process::Meter,
    table::Table,
};

/// A list takes a peer 10 ms or more, so that it is asked rarely enough for that to count little.
const POLL: Duration = Duration::from_millis(500);

/// What the nodes boot, if they did.
const IMAGES: [&str; 2] = ["kernel", "ramdisk"];

/// Who is measured beside us.
#[derive(Args)]
pub struct Peer {
    /// The bare metal API of a peer (noauth), such as `http://127.0.0.1:16385`.
    #[arg(long, value_name = "URL", requires = "process")]
    peer: Option<String>,
    /// The peer's process, with conductor and API in it or below it.
    #[arg(long = "peer-process", value_name = "PID")]
    process: Option<u32>,
    /// How many inspections of the peer wait for their ramdisk at the same time.
    #[arg(long = "peer-inspections", value_name = "COUNT", default_value_t = 20)]
    pub at_once: usize,
}

impl Peer {
    /// Its API and its process, if there is a peer.
    pub fn asked(&self) -> anyhow::Result<Option<(Rest, Meter)>> {
        let url = self.peer.as_deref().map(Rest::at).transpose()?;
        Ok(url.zip(self.process.map(Meter::of)))
    }
}

/// Measures the API with so many nodes, then so many inspections.
pub async fn measure(
    (peer, process): &(Rest, Meter),
    nodes: usize,
    count: usize,
    table: &mut Table,
) -> anyhow::Result<()> {
    let values = requests(peer, nodes, process).await;
    api::clean_up(peer).await.context("the peer keeps the nodes of the benchmark")?;
    values?.iter().for_each(|(figure, value)| table.peer(figure, *value));

    let world = World::start(Hardware { machines: count, ..Hardware::default() }).await?;
    let images = tempfile::tempdir()?;
    IMAGES.iter().try_for_each(|name| fs::write(images.path().join(name), name))?;
    let nodes = enrol(peer, &world, images.path(), count).await?;
    let before = process.cpu()?;
    let inspected = inspect(peer, &world, &nodes).await;
    let each_took = (process.cpu()? - before) * 1e3 / count.max(1) as f64;
    let deleted = delete(peer, &nodes).await.context("the peer keeps the machines of the benchmark");
    inspected.and(deleted)?;
    table.peer(&figures::INSPECTION_CPU, each_took);
    Ok(())
}

async fn requests(peer: &Rest, nodes: usize, process: &Meter) -> anyhow::Result<api::Values> {
    let mut values = api::create(peer, nodes, Some(process)).await?;
    values.extend(api::read(peer, nodes, Some(process)).await?);
    Ok(values)
}

/// Nodes with a port for each NIC: the peer finds the node of a post by its addresses. They have no BMC, which is the peer's
/// best case: with `redfish`, an inspection took it 5 s and more of processor time.
async fn enrol(peer: &Rest, world: &World, images: &Path, count: usize) -> anyhow::Result<Vec<String>> {
    let nodes = try_join_all((0..count).map(|index| async move {
        let created = peer.post("/v1/nodes", &node(index, images)).await?;
        let node = created["uuid"].as_str().context("the node has no uuid")?;
        for mac in &world.machine(index).nics {
            peer.post("/v1/ports", &json!({"node_uuid": node, "address": mac})).await?;
        }
        anyhow::Ok(node.to_owned())
    }));
    let nodes = nodes.await?;
    each(count, |index| peer.provision(&nodes[index], "manage")).await?;
    reached(peer, "manageable", count, POLL).await?;
    Ok(nodes)
}

fn node(index: usize, images: &Path) -> Value {
    let image = |name| format!("file://{}/{name}", images.display());
    json!({
        "name": format!("sim-{index}"),
        "driver": "fake-hardware",
        "boot_interface": "ipxe",
        "inspect_interface": "agent",
        "driver_info": {"deploy_kernel": image(IMAGES[0]), "deploy_ramdisk": image(IMAGES[1])},
    })
}

/// From the request to `manageable`. They begin one after the other: at the same time, some of the peer's fail on its image cache.
async fn inspect(peer: &Rest, world: &World, nodes: &[String]) -> anyhow::Result<()> {
    for (index, node) in nodes.iter().enumerate() {
        peer.provision(node, "inspect").await?;
        reached(peer, "inspect wait", index + 1, POLL).await?;
    }
    each(nodes.len(), |index| async move {
        let body: Value = serde_json::from_slice(&body(world.machine(index)))?;
        peer.post("/v1/continue_inspection", &body).await.map(drop)
    })
    .await?;
    reached(peer, "manageable", nodes.len(), POLL).await?;
    for node in nodes {
        let node = peer.node(node).await?;
        ensure!(!node["inspection_finished_at"].is_null(), "the peer did not inspect: {}", node["last_error"]);
    }
    Ok(())
}

async fn delete(peer: &Rest, nodes: &[String]) -> anyhow::Result<()> {
    each(nodes.len(), |index| peer.delete(&nodes[index])).await.map(drop)
}
