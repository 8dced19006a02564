//! Driving one run: events in, steps, commits, effects out, until it rests.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    panic::AssertUnwindSafe,
    sync::Arc,
};

use assay_core::run::{Effect, Event, Phase, Receipt, Run, RunId, Seq, figures::Figures, step};
use assay_drivers::{DriverError, Task};
use assay_store::StoreError;
use futures::FutureExt;
use metrics::counter;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    task::{AbortHandle, JoinSet},
    time::{Duration, Instant, error::Elapsed, sleep, sleep_until, timeout},
};
use tracing::{Instrument, error, warn};

use super::{
    Conductor,
    claim::Claim,
    commit::{Committed, ends_processing},
    findings::Tray,
    now,
};
use crate::api::conductor::ConductorError;
use crate::{logging, metrics::EFFECTS, pause};

impl Conductor {
    /// Owns the run for as long as there are events or effects; one task a run and process.
    pub(super) async fn drive(&self, run: RunId, mut claim: Option<Claim>, mut events: UnboundedReceiver<Event>) {
        let mut waiting = VecDeque::new();
        let mut failures = 0;
        let span = logging::run_span(run);
        loop {
            let owning = AssertUnwindSafe(self.own(run, claim.take(), &mut waiting, &mut events)).catch_unwind();
            match owning.instrument(span.clone()).await.unwrap_or_else(|_| Err(broke_off())) {
                Err(ConductorError::Store(StoreError::Locked { host, .. })) if !self.0.stop.is_cancelled() => {
                    span.in_scope(|| warn!(%host, "the node is still locked; its run waits on"));
                    continue;
                }
                Err(failure @ ConductorError::Store(StoreError::NotFound { .. })) => {
                    span.in_scope(|| warn!(error = %failure, "the run is gone"));
                    waiting.clear();
                }
                Err(failure) => {
                    span.in_scope(|| error!(error = %failure, "the run is left as it stands and taken up again"));
                    // What its effects said counts no more: they are done again.
                    waiting.retain(|event| !matches!(event, Event::Done { .. } | Event::Failed { .. }));
                    self.locks_again(run);
                    let pause = pause_after(failures, &self.config().figures);
                    failures += 1;
                    if self.0.stop.run_until_cancelled(sleep(pause)).await.is_some() {
                        continue;
                    }
                }
                Ok(()) => {
                    failures = 0;
                    if !waiting.is_empty() {
                        continue;
                    }
                }
            }
            match self.leave(run, &mut events) {
                Some(event) => waiting.push_back(event),
                None => return,
            }
        }
    }

    async fn own(
        &self,
        run: RunId,
        claim: Option<Claim>,
        waiting: &mut VecDeque<Event>,
        events: &mut UnboundedReceiver<Event>,
    ) -> Result<(), ConductorError> {
        let mut claim = match claim {
            Some(claim) => claim,
            None => self.claim(run).await?,
        };
        logging::belongs_to(claim.run.node);
        let result = self.take_up(&mut claim, waiting, events).await;
        let rests = claim.run.clone();
        self.release(claim).await.and(result)?;
        self.watch(&rests);
        Ok(())
    }

    async fn take_up(
        &self,
        claim: &mut Claim,
        waiting: &mut VecDeque<Event>,
        events: &mut UnboundedReceiver<Event>,
    ) -> Result<(), ConductorError> {
        let mut effects = Effects::default();
        if claim.is_fresh {
            let under_way: Vec<Seq> = claim.run.journal.under_way().map(|entry| entry.seq).collect();
            for seq in under_way {
                self.start_effect(claim, seq, &mut effects).await;
            }
            return self.advance(claim, &mut effects, waiting, events).await;
        }
        // What was posted counts before a deadline that has passed meanwhile.
        if let Some(body) = self.posted(&claim.run).await? {
            waiting.push_front(body);
        }
        // Without the lock, something is under way only while the run waits: another conductor may have gone on since.
        let goes_on = claim.run.phase == Phase::Wait && self.is_unlocked(claim.run.id);
        if claim.was_abandoned() && !goes_on {
            waiting.push_front(Event::Claimed);
        }
        if let Some(asked) = claim.asked.take() {
            waiting.push_back(asked);
        }
        // Before anything goes forward: whoever deleted the node may have died before telling.
        if claim.lease.is_none() {
            waiting.push_front(Event::NodeDeleted);
        }
        self.advance(claim, &mut effects, waiting, events).await
    }

    /// Takes events until none is left and no effect is under way, or the run rests. A [`Event::Claimed`] from outside
    /// only wakes the run: what was under way has been started again when it was claimed.
    async fn advance(
        &self,
        claim: &mut Claim,
        effects: &mut Effects,
        waiting: &mut VecDeque<Event>,
        events: &mut UnboundedReceiver<Event>,
    ) -> Result<(), ConductorError> {
        loop {
            while let Some(event) = waiting.front().cloned() {
                self.take(claim, event, effects, waiting).await?;
                waiting.pop_front();
                if claim.is_released {
                    waiting.extend(self.posted(&claim.run).await?);
                    return Ok(());
                }
            }
            if effects.tasks.is_empty() {
                let event = match events.try_recv() {
                    Ok(event) => Some(event),
                    Err(_) => self.posted(&claim.run).await?,
                };
                match event {
                    Some(Event::Claimed) => {}
                    Some(event) => waiting.push_back(event),
                    None => return Ok(()),
                }
                continue;
            }
            let event = tokio::select! {
                // A task that was given up ends without an event.
                Some(ended) = effects.tasks.join_next() => match ended {
                    Ok(event) => Some(event),
                    Err(_) => continue,
                },
                Some(event) = events.recv() => Some(event),
                () = wake(&claim.run) => Some(Event::Deadline { last_sign: self.last_sign(claim.run.id).await }),
                () = sleep_until(claim.renew_at) => None,
                () = store_at(claim.unstored.until()) => {
                    if let Committed::NodeIsGone = self.store_claim(claim).await? {
                        waiting.push_back(Event::NodeDeleted);
                    }
                    continue;
                }
                // Stopping is no other path than dying: the next start takes the run over.
                () = self.0.stop.cancelled() => return Ok(()),
            };
            match event {
                Some(Event::Claimed) => {}
                Some(event) => waiting.push_back(event),
                None => self.renew(claim).await?,
            }
        }
    }

    /// One step: computed, committed where what follows leaves something, and only then carried out.
    async fn take(
        &self,
        claim: &mut Claim,
        event: Event,
        effects: &mut Effects,
        waiting: &mut VecDeque<Event>,
    ) -> Result<(), ConductorError> {
        let output = step(claim.run.clone(), event.clone(), now(), &self.config().figures);
        pause::at("before_commit", event_name(&event, &claim.run), claim.run.node).await;
        match self.commit(claim, &event, &output).await? {
            Committed::Stored => {}
            Committed::NodeIsGone => waiting.push_back(Event::NodeDeleted),
        }
        pause::at("after_commit", event_name(&event, &claim.run), claim.run.node).await;
        effects.give_up_all_but_under_way(&claim.run);
        if changes_node(&event) {
            claim.task = None;
        }
        if claim.run.phase != Phase::Wait || claim.run.journal.under_way().next().is_none() {
            self.locks_again(claim.run.id);
        }
        for seq in output.start {
            // While a run waits, nobody holds its node.
            match claim.run.phase {
                Phase::Wait => self.start_unlocked(&claim.run, seq),
                _ => self.start_effect(claim, seq, effects).await,
            }
        }
        Ok(())
    }

    async fn start_effect(&self, claim: &mut Claim, seq: Seq, effects: &mut Effects) {
        let known = self.task_of_claim(claim).await.ok();
        let Some(entry) = claim.run.journal.get(seq) else { return };
        let (conductor, run, effect) = (self.clone(), claim.run.clone(), entry.effect.clone());
        let tray = claim.tray.clone();
        let limit = self.config().limit_of(&effect, &run);
        let fence = claim.fence.clone();
        let task = effects.tasks.spawn(
            async move {
                pause::at("before_effect", effect.name(), run.node).await;
                let doing = conductor.carry_out(&run, &tray, &effect, known);
                let result = timeout(limit, AssertUnwindSafe(fence.around(doing)).catch_unwind()).await;
                pause::at("after_effect", effect.name(), run.node).await;
                outcome(seq, &effect, limit, result)
            }
            .in_current_span(),
        );
        effects.by_entry.insert(seq, task);
    }

    /// Makes one effect happen, again for as long as it is our own database that keeps it from its end: that says nothing of
    /// the effect, and no inspection is to fail for it. Without `known`, the task is read.
    pub(super) async fn carry_out(
        &self,
        run: &Run,
        tray: &Tray,
        effect: &Effect,
        known: Option<Arc<Task>>,
    ) -> Result<Receipt, DriverError> {
        let mut failures = 0;
        loop {
            let task = match &known {
                Some(task) => Ok(Arc::clone(task)),
                None => self.task_of(run).await.map(Arc::new),
            };
            let done = match task {
                Ok(task) => self.execute(run, tray, effect, task).await,
                Err(failure) => Err(failure.into()),
            };
            match done {
                Ok(receipt) => return Ok(receipt),
                Err(ConductorError::Driver(failure)) => return Err(failure),
                Err(ConductorError::Store(failure)) if failure.is_outage() => {
                    warn!(error = %failure, "an effect waits for the database, and is done again");
                    sleep(pause_after(failures, &self.config().figures)).await;
                    failures += 1;
                }
                Err(failure) => return Err(DriverError::Inspection(failure.to_string())),
            }
        }
    }
}

/// The effects under way, each a task of its own.
#[derive(Default)]
struct Effects {
    tasks: JoinSet<Event>,
    by_entry: HashMap<Seq, AbortHandle>,
}

impl Effects {
    /// Ends the tasks of entries that have an outcome: they have ended, or the step gave them up.
    fn give_up_all_but_under_way(&mut self, run: &Run) {
        self.by_entry.retain(|seq, task| {
            let under_way = run.journal.get(*seq).is_some_and(|entry| entry.outcome.is_none());
            if !under_way {
                task.abort();
            }
            under_way
        });
    }
}

/// Whether what the event tells of has changed the node or its ports.
const fn changes_node(event: &Event) -> bool {
    match event {
        Event::Done { receipt: Receipt::PortsCreated(count), .. } => *count > 0,
        event => ends_processing(event),
    }
}

/// A bug of ours ended the task that owned the run. Its lock ends with its lease.
fn broke_off() -> ConductorError {
    super::failed("a bug in this program broke the run off; please report it".to_owned())
}

/// The pause before a run is taken up again whose commit failed; it doubles up to its bound.
fn pause_after(failures: u32, figures: &Figures) -> Duration {
    figures.retry_first.saturating_mul(1 << failures.min(16)).min(figures.retry_most)
}

pub(super) type Ended = Result<std::thread::Result<Result<Receipt, DriverError>>, Elapsed>;

/// The event that an effect's end is. A panic is a bug of ours: its run fails, and no other does.
pub(super) fn outcome(seq: Seq, effect: &Effect, limit: Duration, result: Ended) -> Event {
    let (error, maybe_happened) = match result {
        Ok(Ok(Ok(receipt))) => {
            counter!(EFFECTS, "effect" => effect.name(), "outcome" => "done").increment(1);
            return Event::Done { seq, receipt };
        }
        Ok(Ok(Err(failure))) => (failure.to_string(), failure.maybe_happened()),
        Ok(Err(_)) => (format!("{effect}: a bug in this program ended it; please report it"), true),
        Err(_) => (format!("{effect}: no end within {} s", limit.as_secs()), true),
    };
    counter!(EFFECTS, "effect" => effect.name(), "outcome" => "failed").increment(1);
    warn!(effect = effect.name(), %error, "an effect failed");
    Event::Failed { seq, error, maybe_happened }
}

/// Ends when the run's own deadline has passed.
async fn wake(run: &Run) {
    match run.wake_at {
        Some(at) => sleep_until(Instant::now() + (at - now()).to_std().unwrap_or(Duration::ZERO)).await,
        None => pending().await,
    }
}

/// Ends when what is not stored yet has waited long enough.
async fn store_at(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// What pause points are named after: the effect that an event is about, or the event.
fn event_name(event: &Event, run: &Run) -> &'static str {
    match event {
        Event::Done { seq, .. } | Event::Failed { seq, .. } => {
            run.journal.get(*seq).map_or("Unknown", |entry| entry.effect.name())
        }
        Event::Requested => "Requested",
        Event::Enqueued { .. } => "Enqueued",
        Event::Admitted => "Admitted",
        Event::Body(_) => "Body",
        Event::Abort => "Abort",
        Event::Restart { .. } => "Restart",
        Event::InspectorSays { .. } => "InspectorSays",
        Event::Deadline { .. } => "Deadline",
        Event::Claimed => "Claimed",
        Event::NodeDeleted => "NodeDeleted",
    }
}
