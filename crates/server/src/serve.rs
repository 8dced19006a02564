//! The composition root: opens the sockets and the store, puts the parts together, runs them until
//! a signal, and stops them in the order that loses nothing.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use assay_drivers::boot::images::ImageCache;
use assay_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::{info, warn};

use crate::{
    audit::{AuditSource, NodeFacts},
    config::{Config, Loaded, groups::service::AuthStrategy},
    logging, metrics,
    ops::{self, Ops},
    parts,
    sockets::Sockets,
    tasks::Tasks,
};

/// Runs the service until a signal.
///
/// # Errors
/// Why it can't start, naming the option to change; or which part failed.
pub fn run(loaded: &Loaded) -> anyhow::Result<()> {
    logging::start(&loaded.config.general)?;
    let metrics = metrics::start()?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(&loaded.config, metrics))
}

async fn serve(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<()> {
    ensure!(
        config.general.auth_strategy != AuthStrategy::Keystone,
        "[DEFAULT] auth_strategy = keystone is not in this version; set noauth or http_basic"
    );
    let sockets = Sockets::open(config).await?;
    let store = open_store(config).await?;
    let (_boot, missing) = parts::boot_servers(config)?;
    let images = Arc::new(open_images(config)?);
    let (_registry, warnings) = parts::registry(config, images, &missing)?;
    for warning in warnings {
        warn!("{warning}");
    }
    let mut tasks = Tasks::default();
    let ops = Ops { metrics, store, audit: Arc::new(Nothing) };
    tasks.serve("operations listener", sockets.ops, ops::router(ops));
    info!(api = %sockets.api.local_addr()?, boot = %sockets.boot.local_addr()?, "assay serves");
    tasks.run(config.general.graceful_shutdown_timeout).await
}

struct Nothing;

#[async_trait::async_trait]
impl AuditSource for Nothing {
    async fn facts(&self) -> anyhow::Result<Vec<NodeFacts>> {
        Ok(Vec::new())
    }
}

async fn open_store(config: &Config) -> anyhow::Result<Store> {
    make_folders(config)?;
    Ok(Store::open(&config.database.connection.path, &config.assay.key_file).await?)
}

fn open_images(config: &Config) -> anyhow::Result<ImageCache> {
    let folder = &config.pxe.images_path;
    ImageCache::open(parts::images(config))
        .with_context(|| format!("[pxe] images_path: {} can't be used", folder.display()))
}

/// Makes the folders of database and key.
///
/// # Errors
/// One can't be made; names the option that says where.
pub fn make_folders(config: &Config) -> anyhow::Result<()> {
    let places =
        [("[database] connection", &config.database.connection.path), ("[assay] key_file", &config.assay.key_file)];
    for (option, file) in places {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("{option}: {} can't be made", folder.display()))?;
    }
    Ok(())
}
