//! How fast the ramdisk of a waiting node is served over HTTP.

use std::time::{Duration, Instant};

use anyhow::ensure;
use assay_sim::harness::Site;
use futures::{StreamExt as _, future::try_join_all};

use crate::{
    figures::{BOOT_FILES, BOOT_FILES_CPU},
    process::Meter,
    table::Table,
};

/// The size of the ramdisk: a small one of the stock ramdisks.
pub const RAMDISK: usize = 256 << 20;
const TIME: Duration = Duration::from_secs(5);
const CLIENTS: usize = 2;

/// Fetches the ramdisk of this node again and again.
pub async fn measure(site: &Site, node: &str, binary: &Meter, table: &mut Table) -> anyhow::Result<()> {
    let url = format!("{}/{node}/deploy_ramdisk", site.installation.boot_url());
    let (before, began) = (binary.cpu()?, Instant::now());
    let fetched = try_join_all((0..CLIENTS).map(|_| fetch(&url, began))).await?;
    let gigabytes = fetched.iter().sum::<usize>() as f64 / 1e9;
    table.add(BOOT_FILES, gigabytes / began.elapsed().as_secs_f64());
    table.add(BOOT_FILES_CPU, gigabytes / (binary.cpu()? - before));
    Ok(())
}

async fn fetch(url: &str, began: Instant) -> anyhow::Result<usize> {
    let client = reqwest::Client::builder().build()?;
    let mut bytes = 0;
    while began.elapsed() < TIME {
        let answer = client.get(url).send().await?;
        ensure!(answer.status().is_success(), "the ramdisk got {}", answer.status());
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            bytes += chunk?.len();
        }
    }
    Ok(bytes)
}
