//! What happens without anybody asking: deadlines and debts come due, what nobody owns any more is
//! picked up, and the conductor says that it is alive.

use std::{collections::HashSet, sync::PoisonError, time::Duration};

use assay_core::{
    boot::sign::Sign,
    id::NodeId,
    run::{Event, Phase, RunId},
};
use assay_store::{
    nodes::{self, Holders},
    runs::{self, RunRow},
    timeline,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{info, warn};

use super::{Conductor, now, tasks::parse_run};
use crate::api::conductor::ConductorError;

/// What is done first when the conductor starts.
const AT_ONCE: Duration = Duration::ZERO;

/// How often ended runs are looked through.
const HOUR: Duration = Duration::from_secs(3600);

/// How often Neutron is asked for ports of ended runs.
const SWEEP: Duration = Duration::from_secs(300);

/// How long an ended run is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The most runs that one round looks at.
const ROUND: u64 = 500;

impl Conductor {
    /// Takes over what an earlier process left: its locks, and the runs under way.
    pub(super) async fn take_over(&self) -> Result<(), ConductorError> {
        if self.store().is_shared() {
            return self.take_over_own().await;
        }
        let freed = self.free(Holders::All).await?;
        let unended = runs::open_runs(&self.store().read()).await?;
        if !unended.is_empty() {
            info!(runs = unended.len(), locks = freed.len(), "runs of an earlier process go on");
        }
        self.wake(&unended)
    }

    /// Among several conductors, only the locks of this host's earlier process are known to be left. Runs that nobody owns are
    /// found by the look at those that are adrift.
    async fn take_over_own(&self) -> Result<(), ConductorError> {
        let freed = self.free(Holders::Host(self.config().host.clone())).await?;
        self.go_on(&freed).await
    }

    /// Takes over what was left with the lock still held: by a conductor that has died, or by a task
    /// of this one that broke off or could not give the lock back.
    async fn take_over_abandoned(self) -> Result<(), ConductorError> {
        let group = Some(self.config().conductor_group.clone());
        let freed = self.free(Holders::RunOut { group }).await?;
        self.go_on(&freed).await?;
        self.look_for_adrift().await?;
        self.watch_all().await
    }

    /// Asks about the runs that wait for an external introspection service: whoever asked may have died. One conductor of
    /// those that live does it, beside whoever started a run.
    async fn watch_all(&self) -> Result<(), ConductorError> {
        let store = self.store();
        if !store.is_shared() || self.place_in_group().await?.0 != 0 {
            return Ok(());
        }
        for row in runs::waiting(&store.read(), &self.config().conductor_group).await? {
            self.watch(&parse_run(&row)?);
        }
        Ok(())
    }

    /// Wakes the runs of nodes whose locks were freed.
    async fn go_on(&self, freed: &[NodeId]) -> Result<(), ConductorError> {
        if freed.is_empty() {
            return Ok(());
        }
        let mut abandoned = runs::open_runs(&self.store().read()).await?;
        abandoned.retain(|row| freed.contains(&row.node_id));
        warn!(locks = freed.len(), runs = abandoned.len(), "locks were left by their holders; their runs go on");
        self.wake(&abandoned)
    }

    /// Wakes the runs that nobody owned at two looks, one after the other: whoever was to drive them has died before it
    /// had their node's lock, or before it could tell of a body.
    async fn look_for_adrift(&self) -> Result<(), ConductorError> {
        let now: HashSet<RunId> =
            runs::adrift(&self.store().read(), &self.config().conductor_group).await?.into_iter().collect();
        let before = std::mem::replace(&mut *self.0.adrift.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
        for run in now.into_iter().filter(|run| before.contains(run) && !self.drives(*run)) {
            warn!(run.id = %run, "nobody owned this run; it goes on");
            self.deliver(run, Event::Claimed);
        }
        Ok(())
    }

    /// Takes locks from their holders, so that nothing of theirs can be committed any more. The runs
    /// claim their nodes again one by one.
    async fn free(&self, holders: Holders) -> Result<Vec<NodeId>, ConductorError> {
        Ok(self.store().write(move |tx| Box::pin(async move { nodes::free(tx, &holders).await })).await?)
    }

    /// Wakes the runs that have no time of their own to be looked at.
    fn wake(&self, rows: &[RunRow]) -> Result<(), ConductorError> {
        for row in rows {
            let run = parse_run(row)?;
            // A run that waits may have got its body while nobody lived to be told.
            if run.journal.under_way().next().is_some() || run.phase != Phase::Settle {
                self.deliver(run.id, Event::Claimed);
            }
        }
        Ok(())
    }

    pub(super) fn start_periodic_work(&self) {
        let config = self.config();
        self.repeat(AT_ONCE, config.figures.tick, Self::look_at_due_runs);
        self.repeat(AT_ONCE, config.figures.renew, Self::take_over_abandoned);
        self.repeat(AT_ONCE, config.heartbeat_interval, Self::beat);
        self.0.tasks.spawn(self.clone().admit_for_ever());
        self.repeat(AT_ONCE, SWEEP, Self::sweep_ports);
        self.repeat(AT_ONCE, HOUR, Self::forget_old_runs);
        self.repeat(config.power_sync_interval, config.power_sync_interval, Self::sync_power);
        self.repeat(config.power_recovery_interval, config.power_recovery_interval, Self::recover_power);
    }

    /// Does `work` after `first`, and then in every `period`, until the conductor stops; a failure is logged and the next
    /// round tries again. A period of zero: never.
    fn repeat<F>(&self, first: Duration, period: Duration, work: fn(Self) -> F)
    where
        F: Future<Output = Result<(), ConductorError>> + Send + 'static,
    {
        if period.is_zero() {
            return;
        }
        let (stop, conductor) = (self.0.stop.clone(), self.clone());
        let start = Instant::now() + first;
        self.0.tasks.spawn(async move {
            let mut round = interval_at(start, period);
            round.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(round.tick()).await.is_some() {
                if let Err(failure) = work(conductor.clone()).await {
                    warn!(error = %failure, "periodic work failed; the next round tries again");
                }
            }
        });
    }

    async fn look_at_due_runs(self) -> Result<(), ConductorError> {
        for RunRow { id, .. } in runs::due(&self.store().read(), &self.config().conductor_group, now(), ROUND).await? {
            if !self.drives(id) {
                let last_sign = self.last_sign(id).await;
                self.deliver(id, Event::Deadline { last_sign });
            }
        }
        Ok(())
    }

    /// Runs that ended long ago go, with their timelines and bodies; inventories and history stay.
    async fn forget_old_runs(self) -> Result<(), ConductorError> {
        let before = now() - KEPT;
        self.store().write(move |tx| Box::pin(runs::delete_ended_before(tx, before))).await?;
        Ok(())
    }

    /// The last sign of life of a run's machine, and its age in seconds.
    pub(super) async fn last_sign(&self, run: RunId) -> Option<(Sign, u64)> {
        let entries = timeline::list(&self.store().read(), run).await.ok()?;
        let signs = entries.iter().rev().filter_map(|entry| Some((Sign::parse(&entry.event)?, entry.at)));
        let (sign, at) = signs.into_iter().find(|(sign, _)| sign.progress().is_some())?;
        Some((sign, u64::try_from((now() - at).num_seconds()).unwrap_or(0)))
    }
}
