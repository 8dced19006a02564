//! `step`: one event in, the next effects out. Success, failure, abort, timeout, restart and
//! take-over all take this one path.
//!
//! **Invariant:** a pure function: the same run, event and time give the same output.

use std::time::Duration;

use super::{
    BootManager, Effect, Ending, Event, NodeWrite, Outcome, Output, Phase, Receipt, Run, RunKind, Seq, Validation,
    Verdict,
    conclude::conclude,
    figures::Figures,
    news,
    plan::{Step, expand, plan},
    undo::{needed, needed_if_late, rank},
};
use crate::{boot::sign::Sign, id::BodyId, node::Timestamp, provision::ProvisionEvent};

/// Advances a run by one event. Events that do not concern the run as it stands change nothing.
#[must_use]
pub fn step(run: Run, event: Event, now: Timestamp, figures: &Figures) -> Output {
    let mut stepper = Stepper { out: Output { run, start: Vec::new(), writes: Vec::new(), notes: Vec::new() }, now };
    stepper.take(event, figures);
    stepper.go_on(figures);
    stepper.out
}

struct Stepper {
    out: Output,
    now: Timestamp,
}

impl Stepper {
    fn take(&mut self, event: Event, figures: &Figures) {
        let phase = self.out.run.phase;
        match event {
            Event::Requested => self.request(),
            Event::Enqueued { ahead, patience } => self.enqueue(ahead, patience),
            Event::Admitted if phase == Phase::Queue => self.admit(),
            Event::Done { seq, receipt } => self.done(seq, receipt),
            Event::Failed { seq, error, maybe_happened } => self.failed(seq, &error, maybe_happened),
            Event::Body(body) if phase == Phase::Wait => self.resume(body),
            Event::InspectorSays { error } if phase == Phase::Wait => self.service_ended(error),
            Event::Abort if self.out.run.rests() => self.end(Ending::Aborted),
            Event::Restart { manage_boot } if phase == Phase::Wait => self.restart(manage_boot),
            Event::Deadline { last_sign } => self.deadline(last_sign, figures),
            Event::Claimed => self.claimed(),
            Event::NodeDeleted => self.end(Ending::NodeDeleted),
            Event::Admitted | Event::Body(_) | Event::InspectorSays { .. } | Event::Abort | Event::Restart { .. } => {}
        }
    }

    /// Starts whatever can be started, until something is under way or the run has to wait.
    fn go_on(&mut self, figures: &Figures) {
        while self.out.run.journal.under_way().next().is_none() {
            match self.out.run.phase {
                Phase::Start | Phase::Work if self.out.run.ending.is_some() => self.begin_undo(figures),
                Phase::Start | Phase::Work => self.take_step(),
                Phase::Undo | Phase::Settle if !self.out.run.to_undo.is_empty() => self.start_undo(),
                Phase::Undo => self.finish(figures),
                Phase::Queue | Phase::Wait if self.out.run.ending.is_some() => self.begin_undo(figures),
                Phase::Settle if self.out.run.wake_at.is_none() => self.settle(figures),
                Phase::Queue | Phase::Wait | Phase::Settle | Phase::Ended => return,
            }
        }
    }

    fn request(&mut self) {
        let facts = &self.out.run.snapshot;
        self.out.run.wake_at = Some(after(self.now, seconds(facts.start_timeout)));
        match facts.kind {
            RunKind::Inspect => self.begin(ProvisionEvent::Inspect),
            RunKind::Verify => self.begin(ProvisionEvent::Manage),
            RunKind::Power(target) => {
                self.out.writes.extend([NodeWrite::TargetPower(Some(target)), NodeWrite::ForgetError]);
            }
            RunKind::BootDevice { .. } => self.out.writes.push(NodeWrite::ForgetError),
            RunKind::Introspect { .. } => {}
        }
    }

    /// Over the cap: the node waits as it does for a ramdisk, not reserved, and nothing is touched.
    fn enqueue(&mut self, ahead: usize, patience: Duration) {
        self.request();
        self.out.run.phase = Phase::Queue;
        self.out.run.wake_at = Some(after(self.now, patience));
        self.advance_inspection(ProvisionEvent::Wait);
        self.note(&format!("queued, {ahead} ahead"));
    }

    /// The time that it has to start counts from here.
    fn admit(&mut self) {
        self.out.run.phase = Phase::Start;
        self.out.run.wake_at = Some(after(self.now, seconds(self.out.run.snapshot.start_timeout)));
        self.advance_inspection(ProvisionEvent::Resume);
        self.note("its turn in the queue has come");
    }

    fn begin(&mut self, event: ProvisionEvent) {
        self.advance(event);
        self.out.writes.push(NodeWrite::LastError(None));
    }

    fn restart(&mut self, manage_boot: bool) {
        let run = &mut self.out.run;
        if let RunKind::Introspect { .. } = run.snapshot.kind {
            run.snapshot.kind = RunKind::Introspect { manage_boot };
            (run.phase, run.taken, run.created_at, run.waits_until) = (Phase::Start, 0, self.now, None);
            run.wake_at = Some(after(self.now, seconds(run.snapshot.start_timeout)));
        }
    }

    fn take_step(&mut self) {
        let run = &mut self.out.run;
        let Some(&step) = plan(run).get(run.taken) else {
            return self.end(Ending::Success);
        };
        run.taken += 1;
        if step == Step::Wait {
            return self.wait();
        }
        for effect in expand(&self.out.run, step) {
            self.start(effect, false);
        }
    }

    fn start(&mut self, effect: Effect, undo: bool) {
        let seq = self.out.run.journal.start(effect, undo, self.now);
        self.out.start.push(seq);
    }

    fn wait(&mut self) {
        let run = &mut self.out.run;
        let until = *run.waits_until.get_or_insert_with(|| after(self.now, seconds(run.snapshot.wait_timeout)));
        let look = run.snapshot.boot_retry.filter(|_| run.is_managed()).map(|retry| after(self.now, seconds(retry)));
        run.phase = Phase::Wait;
        run.wake_at = Some(look.map_or(until, |look| look.min(until)));
        self.advance_inspection(ProvisionEvent::Wait);
        self.note("waiting for the ramdisk");
        for effect in expand(&self.out.run, Step::Wait) {
            self.start(effect, false);
        }
    }

    fn service_ended(&mut self, error: Option<String>) {
        self.out.run.service_has_ended = true;
        match error {
            Some(error) => self.end(Ending::Failed(format!("ironic-inspector inspection failed: {error}"))),
            None => self.work(),
        }
    }

    fn resume(&mut self, body: BodyId) {
        self.out.run.body = Some(body);
        self.work();
    }

    fn work(&mut self) {
        self.out.run.phase = Phase::Work;
        self.out.run.wake_at = Some(after(self.now, seconds(self.out.run.snapshot.start_timeout)));
        self.advance_inspection(ProvisionEvent::Resume);
    }

    fn done(&mut self, seq: Seq, receipt: Receipt) {
        let effect = self.out.run.journal.get(seq).map(|entry| entry.effect.clone());
        if !self.out.run.journal.finish(seq, Outcome::Done(receipt.clone()), self.now) {
            return;
        }
        if let Some(state) = effect.and_then(|effect| news::power_after(&effect, &receipt)) {
            self.out.writes.push(NodeWrite::Power(state));
        }
        news::notes(&receipt).iter().for_each(|text| self.note(text));
        if let Receipt::Validated(validation) = receipt {
            self.decide(validation);
        }
    }

    /// Managed or not: `UnsupportedDriverExtension` from either means the old approach, or a
    /// refusal where managed boot is required.
    fn decide(&mut self, validation: Validation) {
        let reasons: Vec<String> = [validation.network, validation.boot]
            .into_iter()
            .filter_map(|verdict| match verdict {
                Verdict::Ok => None,
                Verdict::Unsupported(reason) => Some(reason),
            })
            .collect();
        self.out.run.ports = validation.ports;
        if reasons.is_empty() {
            self.out.run.boot_manager = Some(BootManager::Conductor);
            return self.note("boot is managed by the conductor");
        }
        let why = reasons.join(" ");
        if self.out.run.snapshot.require_managed_boot {
            return self.end(Ending::Failed(format!("Managed boot is required, but: {why}")));
        }
        let fallback = format!("unmanaged: {why}");
        self.note(&fallback);
        self.out.writes.push(NodeWrite::History(fallback));
        self.out.run.boot_manager = Some(BootManager::Other(why));
    }

    fn failed(&mut self, seq: Seq, error: &str, maybe_happened: bool) {
        let outcome = Outcome::Failed { error: error.to_owned(), maybe_happened };
        if !self.out.run.journal.finish(seq, outcome, self.now) {
            return;
        }
        let Some(entry) = self.out.run.journal.get(seq) else { return };
        if !entry.undo {
            let text = super::conclude::failure_text(&self.out.run, &entry.effect, error);
            self.end(Ending::Failed(text));
        }
    }

    fn deadline(&mut self, last_sign: Option<(Sign, u64)>, figures: &Figures) {
        if self.out.run.wake_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.out.run.wake_at = None;
        match self.out.run.phase {
            Phase::Wait if self.out.run.waits_until.is_some_and(|until| until > self.now) => {
                self.look_for_life(last_sign.is_some());
            }
            Phase::Queue | Phase::Start | Phase::Wait | Phase::Work => {
                let text = super::conclude::timeout_text(&self.out.run, last_sign);
                self.end(Ending::TimedOut(text));
                self.out.run.journal.give_up("given up at the deadline", self.now, |_| true);
            }
            Phase::Undo => self.hurry(figures),
            Phase::Settle => self.pay(figures),
            Phase::Ended => {}
        }
    }

    /// Before the end of its wait: a machine that has shown no sign of life is booted again; one that has is left to its ramdisk.
    fn look_for_life(&mut self, seen: bool) {
        let run = &mut self.out.run;
        if seen {
            run.wake_at = run.waits_until;
            return;
        }
        run.boots_again += 1;
        (run.phase, run.taken) = (Phase::Start, 0);
        let start = after(self.now, seconds(run.snapshot.start_timeout));
        run.wake_at = run.waits_until.map(|until| until.min(start));
        let (retry, times) = (run.snapshot.boot_retry.unwrap_or_default(), run.boots_again);
        self.advance_inspection(ProvisionEvent::Resume);
        self.note(&format!("no sign of life for {retry} s: the machine is booted again, for the {times}. time"));
    }

    /// The outcome of a run that has timed out is fixed soon: what hangs in its undo is given up, to
    /// be owed, and everything else is tried at once. Any other undo ends by its effects' own limits.
    fn hurry(&mut self, figures: &Figures) {
        self.out.run.wake_at = Some(after(self.now, figures.undo));
        if matches!(self.out.run.ending, Some(Ending::TimedOut(_))) {
            self.out.run.journal.give_up("no end in time", self.now, |_| true);
            std::mem::take(&mut self.out.run.to_undo).into_iter().for_each(|effect| self.start(effect, true));
        }
    }

    /// A new owner goes forward with what was under way; where the outcome is fixed, with undo only.
    fn claimed(&mut self) {
        let run = &mut self.out.run;
        if run.ending.is_some() {
            run.journal.give_up("its owner died over it", self.now, |entry| !entry.undo);
        }
        self.out.start = run.journal.restart_under_way(self.now);
    }

    /// Another pass over what is owed, and over what may have landed late.
    fn pay(&mut self, figures: &Figures) {
        let run = &mut self.out.run;
        run.to_undo = run.debt().into_iter().map(|entry| entry.effect.clone()).collect();
        if owes_look(run) && look_at(run, figures).is_some_and(|at| at <= self.now) {
            run.rechecked = true;
            let late = needed_if_late(run).into_iter().filter(|effect| !run.to_undo.contains(effect));
            let late: Vec<Effect> = late.collect();
            run.to_undo.extend(late);
        }
        run.to_undo.sort_by_key(rank);
    }

    /// Fixes the outcome; the first one counts.
    fn end(&mut self, ending: Ending) {
        if self.out.run.ending.is_none() {
            self.out.run.ending = Some(ending);
        }
    }

    fn begin_undo(&mut self, figures: &Figures) {
        self.out.run.phase = Phase::Undo;
        self.out.run.wake_at = Some(after(self.now, figures.undo));
        self.out.run.to_undo = needed(&self.out.run);
    }

    /// Starts the first undo effects of the pass: those of one rank happen side by side.
    fn start_undo(&mut self) {
        let first = self.out.run.to_undo.first().map(rank);
        let (group, rest) =
            std::mem::take(&mut self.out.run.to_undo).into_iter().partition(|effect| Some(rank(effect)) == first);
        self.out.run.to_undo = rest;
        let group: Vec<Effect> = group;
        group.into_iter().for_each(|effect| self.start(effect, true));
    }

    fn finish(&mut self, figures: &Figures) {
        self.out.run.concluded_at = Some(self.now);
        let (writes, note) = conclude(&self.out.run);
        self.out.writes.extend(writes);
        self.note(&note);
        self.settle(figures);
    }

    /// Ends the run, or says when to look at it again.
    fn settle(&mut self, figures: &Figures) {
        let run = &mut self.out.run;
        run.phase = Phase::Settle;
        let tries = run.debt().iter().map(|entry| entry.tries).max();
        let retry = tries.map(|tries| after(self.now, pause(tries, figures)));
        let look = look_at(run, figures).filter(|_| owes_look(run));
        run.wake_at = [retry, look].into_iter().flatten().min();
        if run.wake_at.is_none() {
            run.phase = Phase::Ended;
        }
    }

    fn advance_inspection(&mut self, event: ProvisionEvent) {
        if self.out.run.snapshot.kind == RunKind::Inspect {
            self.advance(event);
        }
    }

    fn advance(&mut self, event: ProvisionEvent) {
        self.out.writes.push(NodeWrite::Advance(event));
    }

    fn note(&mut self, text: &str) {
        self.out.notes.push(text.to_owned());
    }
}

/// Whether requests of this run may land after its end and have not been looked at again.
fn owes_look(run: &Run) -> bool {
    !run.rechecked && run.snapshot.kind.is_inspection() && run.journal.entries().any(|entry| entry.may_land_late())
}

fn look_at(run: &Run, figures: &Figures) -> Option<Timestamp> {
    run.concluded_at.map(|at| after(at, figures.late))
}

/// The pause before the next try, doubling up to its bound.
fn pause(tries: u32, figures: &Figures) -> Duration {
    figures.retry_first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(figures.retry_most)
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

fn after(at: Timestamp, by: Duration) -> Timestamp {
    chrono::TimeDelta::from_std(by).ok().and_then(|by| at.checked_add_signed(by)).unwrap_or(at)
}
