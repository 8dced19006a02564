//! The benchmark: the real binary in a fake world, measured from outside, as one table.
//!
//! Binary, world and client share the machine; a peer is measured by the same client.

mod api;
mod inspections;
mod measure;
mod process;
mod table;

use std::{io::Write as _, path::PathBuf, time::Instant};

use anyhow::Context as _;
use assay_sim::{
    Hardware, Images, Ramdisk,
    harness::{Rest, Setup, Site},
};
use clap::Parser;
use table::Table;

/// Measures Assay, and a peer beside it.
#[derive(Parser)]
struct Arguments {
    /// How many nodes are enrolled.
    #[arg(long, default_value_t = 1000)]
    nodes: usize,
    /// How many inspections are in flight at the same time.
    #[arg(long, default_value_t = 100)]
    inspections: usize,
    /// The binary.
    #[arg(long)]
    assay: PathBuf,
    /// The bare metal API of a peer (noauth), such as http://127.0.0.1:16385.
    #[arg(long)]
    peer: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut table = Table::default();
    assay(&arguments, &mut table).await?;
    if let Some(url) = &arguments.peer {
        let peer = Rest::at(url)?;
        let rates = api::measure(&peer, arguments.nodes.min(api::PAGE)).await;
        api::clean_up(&peer).await.context("the peer keeps the nodes of the benchmark")?;
        rates?.iter().for_each(|(what, rate)| table.peer(what, *rate));
    }
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}

async fn assay(arguments: &Arguments, table: &mut Table) -> anyhow::Result<()> {
    let inspections = arguments.inspections.min(arguments.nodes);
    let mut site = site(arguments, inspections).await?;
    for (what, rate) in api::measure(&site.rest, arguments.nodes - inspections).await? {
        table.add(what, "/s", rate);
    }
    let nodes = inspections::enrol(&site, inspections).await?;

    restart(&mut site, arguments.nodes, table).await?;
    let binary = process::Meter::of(site.process()?.id().context("the binary has no process id")?);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    table.add(&format!("memory, {} nodes, idle", arguments.nodes), "MiB", binary.memory()?);
    inspections::measure(&site, &nodes, &binary, table).await
}

async fn site(arguments: &Arguments, inspections: usize) -> anyhow::Result<Site> {
    // The images are not fetched: serving files is another figure, and a peer leaves it to its web server.
    let ramdisk = Ramdisk { posts: 0, images: Images::Head, ..Ramdisk::default() };
    let hardware = Hardware { machines: inspections, ramdisk, ..Hardware::default() };
    let options = vec![("OS_ASSAY__MAX_INSPECTIONS", inspections.max(1).to_string())];
    Site::start(Setup { binary: arguments.assay.clone(), hardware, options }).await
}

/// Restarts the binary and measures the time to its first answer.
async fn restart(site: &mut Site, nodes: usize, table: &mut Table) -> anyhow::Result<()> {
    let began = Instant::now();
    site.restart(&[]).await?;
    table.add(&format!("start to first answer, {nodes} nodes"), "ms", began.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
