//! The composition root: opens the sockets and the store, puts the parts together, runs them until
//! a signal, and stops them in the order that loses nothing.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context;
use assay_core::boot::BootChain;
use assay_drivers::boot::images::ImageCache;
use assay_store::{Database, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::{info, warn};

use crate::{
    api::{self, Auth, callback},
    boot::BootServers,
    conductor::{Conductor, Parts},
    config::{Config, Loaded},
    introspection, logging, metrics,
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
    loaded.warnings.iter().for_each(|warning| warn!("{warning}"));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(&loaded.config, metrics))
}

async fn serve(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<()> {
    let auth = Auth::try_from(&config.general)?;
    let sockets = Sockets::open(config).await?;
    let store = open_store(config).await?;
    let images = Arc::new(open_images(config)?);
    let (boot_config, missing_loaders) = parts::boot_servers(config)?;
    let (registry, warnings) = parts::registry(config, &images, &missing_loaders)?;
    // What only nodes need that ask for `pxe` is told by validate and by `assay doctor`.
    missing_loaders.iter().filter(|missing| missing.chain == BootChain::Ipxe).for_each(|missing| warn!("{missing}"));
    warnings.iter().for_each(|warning| warn!("{warning}"));
    let registry = Arc::new(registry);
    let conductor = Conductor::new(Parts {
        store: store.clone(),
        registry: Arc::clone(&registry),
        image_path: Box::new(move |key| images.path(key)),
        config: config.into(),
    });
    let boot = BootServers::bind(boot_config, Arc::new(conductor.clone())).await?;
    conductor.start().await?;
    let api = parts::api(config, auth, &store, &conductor, registry);
    let mut tasks = Tasks::default();
    let upkeep = metrics::keep_up(metrics.clone(), tasks.stop.clone());
    let ops = Ops { metrics, store, audit: Arc::new(conductor.clone()) };
    let (address, introspection) = (sockets.introspection.local_addr()?, parts::introspection(config, &api));
    info!(api = %sockets.api.local_addr()?, introspection = %address, boot = %sockets.boot.local_addr()?, "assay serves");
    tasks.serve("operations listener", sockets.ops, ops::router(ops));
    tasks.serve("boot listener", sockets.boot, boot.http().merge(callback::router(api.callbacks.clone())));
    tasks.serve("introspection API", sockets.introspection, introspection::router(introspection));
    tasks.serve("bare metal API", sockets.api, api::router(api));
    tasks.spawn("upkeep of the metrics", async move {
        upkeep.await;
        Ok(())
    });
    let stop = tasks.stop.clone();
    tasks.spawn("boot servers", async move {
        boot.run(stop).await;
        Ok(())
    });
    let stop = tasks.stop.clone();
    tasks.spawn("conductor", async move {
        stop.cancelled().await;
        conductor.stop().await;
        Ok(())
    });
    tasks.run(config.general.graceful_shutdown_timeout).await
}

async fn open_store(config: &Config) -> anyhow::Result<Store> {
    make_folders(config)?;
    Ok(Store::open(&config.database.connection, &config.assay.key_file).await?)
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
    let mut places = vec![("[assay] key_file", &config.assay.key_file)];
    if let Database::File(file) = &config.database.connection {
        places.push(("[database] connection", file));
    }
    for (option, file) in places {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("{option}: {} can't be made", folder.display()))?;
    }
    Ok(())
}
