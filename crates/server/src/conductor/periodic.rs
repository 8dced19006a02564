//! What happens without anybody asking: deadlines and debts come due, posted data that nobody owns
//! is picked up, and the conductor says that it is alive.

use std::time::Duration;

use assay_core::{
    boot::sign::Sign,
    run::{Event, Phase, RunId},
};
use assay_store::{
    StoreError, Tx,
    conductors::{self, Registration},
    nodes,
    runs::{self, RunRow},
    timeline,
};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::{Conductor, now, tasks::parse_run};
use crate::api::conductor::ConductorError;

/// How often ended runs are looked through.
const HOUR: Duration = Duration::from_secs(3600);

/// How long an ended run is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The most runs that one round looks at.
const ROUND: u64 = 500;

impl Conductor {
    /// Takes over what an earlier process of this host left: its locks, and the runs under way.
    pub(super) async fn take_over(&self) -> Result<(), ConductorError> {
        let (host, lease) = (self.config().host.clone(), self.config().figures.lease);
        let freed = self.store().write(move |tx| Box::pin(free_all(tx, host, lease))).await?;
        let unended = runs::open_runs(&self.store().read()).await?;
        if !unended.is_empty() {
            info!(runs = unended.len(), locks = freed, "runs of an earlier process go on");
        }
        for row in unended {
            let run = parse_run(&row)?;
            // A run that waits may have got its body while nobody lived to be told.
            if run.journal.under_way().next().is_some() || run.phase != Phase::Settle {
                self.deliver(run.id, Event::Claimed);
            }
        }
        Ok(())
    }

    pub(super) fn start_periodic_work(&self) {
        let conductor = self.clone();
        self.repeat(self.config().figures.tick, move || conductor.clone().look_at_due_runs());
        let conductor = self.clone();
        self.repeat(self.config().heartbeat_interval, move || conductor.clone().beat());
        let conductor = self.clone();
        self.repeat(HOUR, move || conductor.clone().forget_old_runs());
    }

    /// Does `work` in every `period` until the conductor stops; a failure is logged and the next
    /// round tries again.
    fn repeat<F>(&self, period: std::time::Duration, work: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), ConductorError>> + Send,
    {
        let stop = self.0.stop.clone();
        self.0.tasks.spawn(async move {
            let mut round = interval(period);
            round.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(round.tick()).await.is_some() {
                if let Err(failure) = work().await {
                    warn!(error = %failure, "periodic work failed; the next round tries again");
                }
            }
        });
    }

    async fn look_at_due_runs(self) -> Result<(), ConductorError> {
        for RunRow { id, .. } in runs::due(&self.store().read(), now(), ROUND).await? {
            if !self.drives(id) {
                let last_sign = self.last_sign(id).await;
                self.deliver(id, Event::Deadline { last_sign });
            }
        }
        Ok(())
    }

    /// Puts this conductor into the list of those that live.
    pub(super) async fn register(&self) -> Result<(), ConductorError> {
        let drivers = self.parts().registry.hardware_types().map(|hardware| hardware.name.to_owned()).collect();
        let (hostname, conductor_group) = (self.config().host.clone(), self.config().conductor_group.clone());
        let registration = Registration { hostname, conductor_group, drivers };
        self.store().write(move |tx| Box::pin(async move { conductors::register(tx, &registration).await })).await?;
        Ok(())
    }

    /// Runs that ended long ago go, with their timelines and bodies; inventories and history stay.
    async fn forget_old_runs(self) -> Result<(), ConductorError> {
        let before = now() - KEPT;
        self.store().write(move |tx| Box::pin(runs::delete_ended_before(tx, before))).await?;
        Ok(())
    }

    async fn beat(self) -> Result<(), ConductorError> {
        let host = self.config().host.clone();
        Ok(self.store().write(move |tx| Box::pin(async move { conductors::heartbeat(tx, &host).await })).await?)
    }

    /// The last sign of life of a run's machine, and its age in seconds.
    pub(super) async fn last_sign(&self, run: RunId) -> Option<(Sign, u64)> {
        let entries = timeline::list(&self.store().read(), run).await.ok()?;
        let signs = entries.iter().rev().filter_map(|entry| Some((Sign::parse(&entry.event)?, entry.at)));
        let (sign, at) = signs.into_iter().find(|(sign, _)| sign.progress().is_some())?;
        Some((sign, u64::try_from((now() - at).num_seconds()).unwrap_or(0)))
    }
}

/// Takes every lock over with a new epoch, so that nothing of its old holder can be committed any
/// more, and lets it go: the runs claim their nodes again one by one.
async fn free_all(tx: &Tx<'_>, host: String, lease: Duration) -> Result<usize, StoreError> {
    let taken = nodes::take_over_all(tx, &host, lease).await?;
    for row in &taken {
        nodes::release(tx, row.node.id, row.lease_epoch).await?;
    }
    Ok(taken.len())
}
