//! The list of conductors that live: how this one gets into it, stays in it, and leaves it.
//!
//! **Invariant:** of two processes with one host name, at most one serves a database: locks carry that name, and each
//! would take the other's for its own.

use std::{fs, time::Duration};

use assay_store::{
    StoreError,
    conductors::{self, Holder, Registration},
};
use tokio::time::sleep;
use tracing::{error, info};

use super::Conductor;
use crate::api::conductor::ConductorError;

/// How much longer than its pause the other's heartbeat is watched for.
const GRACE: Duration = Duration::from_secs(2);

impl Conductor {
    /// Puts this conductor into the list. Where its host name has a process that has not signed off, that one is
    /// looked for, on this machine or by its heartbeat.
    ///
    /// # Errors
    /// [`StoreError::HostTaken`]; the store does not answer.
    pub(super) async fn register(&self) -> Result<(), ConductorError> {
        let registration = self.registration();
        let seen = self.holder().await?;
        if let Some(holder) = &seen
            && self.lives(holder).await?
        {
            return Err(StoreError::HostTaken(registration.hostname).into());
        }
        let write = self
            .store()
            .write(move |tx| Box::pin(async move { conductors::register(tx, &registration, seen.as_ref()).await }));
        Ok(write.await?)
    }

    fn registration(&self) -> Registration {
        let config = self.config();
        Registration {
            hostname: config.host.clone(),
            conductor_group: config.conductor_group.clone(),
            drivers: self.parts().registry.hardware_types().map(|hardware| hardware.name.to_owned()).collect(),
            process: self.0.process.clone(),
        }
    }

    async fn holder(&self) -> Result<Option<Holder>, ConductorError> {
        Ok(conductors::holder(&self.store().read(), &self.config().host).await?)
    }

    /// Whether the process that has our host name lives.
    async fn lives(&self, holder: &Holder) -> Result<bool, ConductorError> {
        // The lock file of an SQLite database says that nobody does.
        if holder.stopped || !self.store().is_shared() {
            return Ok(false);
        }
        if let Some(runs) = holder.process.as_deref().and_then(runs_here) {
            return Ok(runs);
        }
        let watch = self.config().heartbeat_interval + GRACE;
        info!(host = %self.config().host, "another process had this host name; its heartbeat is watched for {watch:?}");
        sleep(watch).await;
        Ok(self.holder().await?.is_some_and(|now| now.heartbeat_at != holder.heartbeat_at && !now.stopped))
    }

    /// Says that this conductor is alive. It stops when another process has taken its host name, which can happen to one
    /// that was frozen for long.
    pub(super) async fn beat(self) -> Result<(), ConductorError> {
        let (host, process) = (self.config().host.clone(), self.0.process.clone());
        let beat =
            self.store().write(move |tx| Box::pin(async move { conductors::heartbeat(tx, &host, &process).await }));
        match beat.await {
            Err(taken @ StoreError::HostTaken(_)) => {
                error!(error = %taken, "this process was replaced, and drives no more runs");
                self.0.stop.cancel();
            }
            heard => heard?,
        }
        self.set_clock().await
    }

    /// Takes this conductor out of the list of those that live.
    pub(super) async fn sign_off(&self) {
        let (host, process) = (self.config().host.clone(), self.0.process.clone());
        let off =
            self.store().write(move |tx| Box::pin(async move { conductors::sign_off(tx, &host, &process).await }));
        if let Err(failure) = off.await {
            error!(error = %failure, "this conductor could not sign off; its host name is free once its heartbeat is old");
        }
    }
}

/// What names this process among all that there are: the machine's boot, the namespace of its process ids, its process id
/// and the moment of its start.
pub(super) fn this_process() -> String {
    let pid = std::process::id();
    format!("{} {pid} {}", place(), started(pid).unwrap_or_default())
}

/// Whether a process runs; `None` where it can't be told, because it is of another machine or container.
fn runs_here(process: &str) -> Option<bool> {
    let mut words = process.rsplitn(3, ' ');
    let (began, pid, at) = (words.next()?, words.next()?, words.next()?);
    (at == place()).then(|| pid.parse().ok().and_then(started).is_some_and(|now| now == began))
}

fn place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let pids = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{} {}", boot.trim(), pids.display())
}

/// When a process started, in ticks since the boot: field 22 of its `stat`, counted behind its name, which may have spaces.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_this_machine_is_known_to_run_or_to_be_gone() {
        let own = this_process();
        assert_eq!(runs_here(&own), Some(true));
        let earlier = own.rsplit_once(' ').unwrap().0.to_owned() + " 1";
        assert_eq!(runs_here(&earlier), Some(false), "another one has its process id now");
        assert_eq!(runs_here(&own.replacen(|it: char| it.is_ascii_hexdigit(), "g", 1)), None, "another machine");
        assert_eq!(runs_here("nonsense"), None);
    }
}
