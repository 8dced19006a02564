//! The benchmark: the real binary in a fake world, measured from outside, as one table.
//!
//! Binary, world and client share the machine; a peer is measured by the same client.

mod api;
mod boot_files;
mod figures;
mod inspections;
mod isolated;
mod measure;
mod peer;
mod process;
mod table;

use std::{io::Write as _, path::PathBuf, time::Duration, time::Instant};

use anyhow::Context as _;
use assay_sim::{
    Hardware, Images, Ramdisk,
    harness::{Setup, Site},
};
use clap::Parser;
use process::Meter;
use table::Table;

/// Measures Assay, and a peer beside it.
#[derive(Parser)]
struct Arguments {
    /// How many nodes are enrolled.
    #[arg(long, default_value_t = 10_000)]
    nodes: usize,
    /// How many inspections are in flight at the same time.
    #[arg(long, default_value_t = 1000)]
    inspections: usize,
    /// How many inspections on an isolated network are started at the same time.
    #[arg(long, default_value_t = 100)]
    isolated: usize,
    /// The binary.
    #[arg(long)]
    assay: PathBuf,
    #[command(flatten)]
    peer: peer::Peer,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut table = Table::default();
    assay(&arguments, &mut table).await?;
    if arguments.isolated > 0 {
        isolated::measure(&arguments, &mut table).await?;
    }
    if let Some(peer) = arguments.peer.asked()? {
        let count = arguments.peer.at_once;
        peer::measure(&peer, arguments.nodes.min(api::PAGE), count, &mut table).await?;
    }
    writeln!(std::io::stdout(), "{table}")?;
    Ok(())
}

async fn assay(arguments: &Arguments, table: &mut Table) -> anyhow::Result<()> {
    let inspections = arguments.inspections.min(arguments.nodes);
    let fakes = arguments.nodes - inspections;
    let mut site = site(arguments, inspections).await?;
    std::fs::write(site.installation.path("state/images/ramdisk"), vec![b'r'; boot_files::RAMDISK])?;
    let binary = meter(&mut site)?;
    let values = api::create(&site.rest, fakes, Some(&binary)).await?;
    values.into_iter().for_each(|(figure, value)| table.add(figure, value));
    let nodes = inspections::enrol(&site, inspections).await?;

    table.add(figures::START, restart(&mut site).await?);
    let binary = meter(&mut site)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    table.add(figures::MEMORY_IDLE, binary.memory()?);
    let values = api::read(&site.rest, fakes, Some(&binary)).await?;
    values.into_iter().for_each(|(figure, value)| table.add(figure, value));
    table.add(figures::MEMORY_AFTER_LISTS, binary.memory()?);

    restart(&mut site).await?;
    let binary = meter(&mut site)?;
    inspections::measure(&site, &nodes, &binary, table).await
}

async fn site(arguments: &Arguments, inspections: usize) -> anyhow::Result<Site> {
    // The images are not fetched by the machines: serving them is a figure of its own.
    let ramdisk = Ramdisk { posts: 0, images: Images::Head, ..Ramdisk::default() };
    let hardware = Hardware { machines: inspections, ramdisk, ..Hardware::default() };
    let options = vec![("OS_ASSAY__MAX_INSPECTIONS", inspections.max(1).to_string())];
    Site::start(Setup { binary: arguments.assay.clone(), hardware, options }).await
}

fn meter(site: &mut Site) -> anyhow::Result<Meter> {
    Ok(Meter::of(site.process()?.id().context("the binary has no process id")?))
}

/// Restarts the binary and returns the milliseconds to its first answer.
async fn restart(site: &mut Site) -> anyhow::Result<f64> {
    let began = Instant::now();
    site.restart(&[]).await?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
