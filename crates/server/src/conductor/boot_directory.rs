//! What the boot listeners ask the conductor: which run waits for a NIC, and what it was seen doing.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use assay_core::{
    boot::sign::Sign,
    id::{NodeId, RunId},
    mac::MacAddress,
};
use assay_store::{
    boot_records::{self, RunRecord},
    leases, runs, timeline,
};
use async_trait::async_trait;
use tracing::{info, warn};

use super::{Conductor, now};
use crate::boot::{ActiveBoot, BootDirectory, leases::Lease};

#[async_trait]
impl BootDirectory for Conductor {
    async fn by_mac(&self, mac: MacAddress) -> Option<Arc<ActiveBoot>> {
        self.active(boot_records::by_mac(&self.store().read(), mac).await)
    }

    async fn by_node(&self, node: NodeId) -> Option<Arc<ActiveBoot>> {
        let conn = self.store().read();
        let run = runs::open_of_node(&conn, node).await.inspect_err(unreadable).ok().flatten()?;
        self.active(boot_records::of_run(&conn, run.id).await)
    }

    async fn by_address(&self, address: IpAddr) -> Option<Arc<ActiveBoot>> {
        self.active(boot_records::by_address(&self.store().read(), address).await)
    }

    async fn by_disc(&self, run: RunId, secret: &str) -> Option<Arc<ActiveBoot>> {
        if !self.store().key().verify_disc(run, secret) {
            return None;
        }
        let run = self.load_run(run).await.inspect_err(|failure| warn!(error = %failure, "no disc")).ok()?;
        let record = run.boots_from()?.clone();
        self.active(Ok(Some(RunRecord { run: run.id, record })))
    }

    async fn saw(&self, run: RunId, sign: Sign, mac: Option<MacAddress>, detail: &str) {
        let nic = mac.map(|mac| format!("{mac}: ")).unwrap_or_default();
        let entry = timeline::Entry { at: now(), event: sign.as_str().to_owned(), text: format!("{nic}{detail}") };
        info!(run.id = %run, sign = %sign, "{}", entry.text);
        let written = self.store().write(move |tx| Box::pin(timeline::append(tx, run, [entry]))).await;
        written.inspect_err(unreadable).ok();
        self.look_soon(run);
    }

    async fn image(&self, run: RunId, key: &str) -> Option<PathBuf> {
        let path = || (self.parts().image_path)(key);
        if path().is_none() && self.store().is_shared() {
            self.fetch_images_of(run).await;
        }
        path()
    }

    async fn leases(&self) -> Vec<Lease> {
        let kept = leases::list(&self.store().read()).await.inspect_err(unreadable).unwrap_or_default();
        kept.into_iter()
            .map(|lease| Lease { mac: lease.mac, address: lease.address, until: lease.expires_at.into() })
            .collect()
    }

    async fn keep_lease(&self, lease: Lease) {
        let kept = leases::Lease { mac: lease.mac, address: lease.address, expires_at: lease.until.into() };
        let written = self.store().write(move |tx| Box::pin(async move { leases::put(tx, &kept).await })).await;
        written.inspect_err(unreadable).ok();
    }
}

impl Conductor {
    /// Brings the images of a run into this conductor's cache: another one has started the run, with a cache of its own.
    async fn fetch_images_of(&self, run: RunId) {
        let fetched = async {
            let run = self.load_run(run).await.map_err(|failure| failure.to_string())?;
            let task = self.task_of(&run).await.map_err(|failure| failure.to_string())?;
            let boot = self.parts().registry.boot(&task.node).map_err(|failure| failure.to_string())?;
            boot.check_images(&task).await.map_err(|failure| failure.to_string())
        };
        if let Err(error) = fetched.await {
            warn!(run.id = %run, %error, "the images of another conductor's run can't be fetched here");
        }
    }

    fn active(&self, found: Result<Option<RunRecord>, assay_store::StoreError>) -> Option<Arc<ActiveBoot>> {
        let RunRecord { run, record } = found.inspect_err(unreadable).ok().flatten()?;
        let callback = record.callback.url(self.store().key(), run);
        Some(Arc::new(ActiveBoot { run, record, callback }))
    }
}

/// The machine gets no answer this time and asks again; the operator gets the reason.
fn unreadable(failure: &assay_store::StoreError) {
    warn!(error = %failure, "the database did not answer a boot listener");
}
