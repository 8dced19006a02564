//! Inspections on an isolated network, with a Neutron that takes its time for each call: one alone,
//! then many at the same time.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, ensure};
use assay_sim::{
    Cloud, CloudRequest, CloudSetup, FakeNetwork, FakeSubnet, Hardware, Images, Ramdisk,
    harness::{Setup, Site},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    Arguments, figures,
    inspections::{booted, post_all, wait_for},
    measure::each,
    meter,
    table::Table,
};

/// What Neutron takes for each call.
const LATENCY: Duration = Duration::from_millis(200);
/// NICs of a machine, all of them on the inspection network.
const NICS: usize = 2;

/// Inspects one node twice, since the first time fetches what is kept for the others; then all others.
pub async fn measure(arguments: &Arguments, table: &mut Table) -> anyhow::Result<()> {
    let count = arguments.isolated;
    let mut isolated = Isolated::start(arguments, count + 1).await?;
    let binary = meter(&mut isolated.site)?;
    let (one, all) = isolated.nodes.split_at(1);
    isolated.inspect(one, 0).await?;
    let alone = isolated.inspect(one, 0).await?;

    let before = binary.cpu()?;
    let many = isolated.inspect(all, 1).await?;
    let cpu = (binary.cpu()? - before) * 1e3 / count as f64;
    let calls = |seen: usize| seen as f64 / count as f64;
    table.add(figures::ISOLATED_ALONE, alone.took);
    table.add(figures::ISOLATED_MANY, many.took);
    table.add(figures::ISOLATED_SHARE, 100.0 * many.took / (alone.took * count as f64));
    table.add(figures::ISOLATED_TOKENS, isolated.cloud.tokens_issued() as f64);
    table.add(figures::ISOLATED_ADD, calls(many.added));
    table.add(figures::ISOLATED_REMOVE, calls(many.removed));
    table.add(figures::ISOLATED_CPU, cpu);
    Ok(())
}

struct Isolated {
    cloud: Cloud,
    site: Site,
    nodes: Vec<String>,
}

/// What it took to inspect some nodes at the same time.
struct Took {
    /// From the first request to the last `inspect wait`, in seconds.
    took: f64,
    /// Calls of Neutron until then.
    added: usize,
    /// Calls of Neutron from the posts on, until all are `manageable`.
    removed: usize,
}

impl Isolated {
    async fn start(arguments: &Arguments, machines: usize) -> anyhow::Result<Self> {
        let cloud = Cloud::start(setup(machines * NICS)).await?;
        let ramdisk = Ramdisk { posts: 0, images: Images::Skip, ..Ramdisk::default() };
        let hardware = Hardware { machines, nics: NICS, ramdisk, ..Hardware::default() };
        // Otherwise only the NIC that was booted from would be moved the next time.
        let options =
            cloud.options().into_iter().chain([("OS_INSPECTOR__UPDATE_PXE_ENABLED", "False".into())]).collect();
        let site = Site::start(Setup { binary: arguments.assay.clone(), hardware, options }).await?;
        site.world.addresses_from(&cloud);
        let mut isolated = Self { cloud, site, nodes: Vec::new() };
        isolated.enrol(machines).await?;
        Ok(isolated)
    }

    async fn enrol(&mut self, machines: usize) -> anyhow::Result<()> {
        for machine in 0..machines {
            let node = self.create(machine).await.with_context(|| self.site.log())?;
            self.nodes.push(node);
        }
        each(machines, |index| self.site.rest.provision(&self.nodes[index], "manage")).await?;
        wait_for(&self.site, "manageable", machines).await
    }

    /// A node whose ports say where they are plugged in.
    async fn create(&self, machine: usize) -> anyhow::Result<String> {
        let mut node = self.site.node(machine);
        node["network_interface"] = json!("neutron");
        let created = self.site.rest.post("/v1/nodes", &node).await?;
        let node = created["uuid"].as_str().context("the node has no uuid")?.to_owned();
        for mac in &self.site.world.machine(machine).nics {
            let link = self.cloud.link(&format!("to-{}", mac.hyphenated()));
            let port = json!({"node_uuid": node, "address": mac, "local_link_connection": link});
            self.site.rest.post("/v1/ports", &port).await?;
        }
        Ok(node)
    }

    /// Inspects the nodes of the machines from `first` on, all at the same time, to their end.
    async fn inspect(&self, nodes: &[String], first: usize) -> anyhow::Result<Took> {
        let (count, machines) = (nodes.len(), first..first + nodes.len());
        let (seen, began) = (self.calls(), Utc::now());
        each(count, |index| self.site.rest.provision(&nodes[index], "inspect")).await?;
        wait_for(&self.site, "inspect wait", count).await?;
        let took = self.last_change(nodes, began).await?;
        let added = self.calls() - seen;
        ensure!(self.held() == count * NICS, "{} Neutron ports for {count} nodes", self.held());

        let urls = booted(&self.site, machines.clone()).await?;
        let seen = self.calls();
        post_all(&self.site, machines, &urls).await?;
        wait_for(&self.site, "manageable", self.nodes.len()).await?;
        ensure!(self.held() == 0, "{} Neutron ports are left", self.held());
        Ok(Took { took, added, removed: self.calls() - seen })
    }

    /// Seconds until the provision state of the last of the nodes changed.
    async fn last_change(&self, nodes: &[String], began: DateTime<Utc>) -> anyhow::Result<f64> {
        let mut last = began;
        for node in nodes {
            let node: Value = self.site.rest.node(node).await?;
            ensure!(node["provision_state"] == "inspect wait", "a node is {}", node["provision_state"]);
            last = last.max(node["provision_updated_at"].as_str().context("no time")?.parse()?);
        }
        Ok((last - began).as_seconds_f64())
    }

    fn calls(&self) -> usize {
        self.cloud.requests().iter().filter(|seen| seen.request != CloudRequest::Root).count()
    }

    fn held(&self) -> usize {
        self.cloud.ports().len()
    }
}

/// A cloud whose inspection network is on the loopback, so that the machines can have its addresses.
fn setup(ports: usize) -> CloudSetup {
    let own = CloudSetup::default();
    let subnets = (0..ports.div_ceil(200)).map(|index| {
        let third = u8::try_from(index).unwrap_or(u8::MAX);
        FakeSubnet::v4(Ipv4Addr::new(127, 22, third, 0), 2, 201)
    });
    let inspection = subnets.fold(FakeNetwork::new("inspection", 102), FakeNetwork::with);
    CloudSetup { networks: vec![inspection], latency: LATENCY, port_quota: ports, ..own }
}
