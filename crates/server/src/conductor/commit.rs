//! The commit: run, node, timeline, history and boot answers change in one transaction, or not at all.

use std::sync::Arc;

use assay_core::{
    boot::BootRecord,
    id::NodeId,
    node::Timestamp,
    run::{Effect, Entry, Event, NodeWrite, Outcome, Output, Phase, Receipt, Run, RunId},
};
use assay_store::{
    StoreError, Tx, boot_records, history,
    nodes::{self, Guard},
    runs::{self, RunRow},
    timeline,
};

use super::{
    Conductor,
    claim::{Claim, Lease},
    now,
    tasks::{corrupt, run_row},
};
use crate::api::conductor::ConductorError;

/// What a commit met.
pub(super) enum Committed {
    /// All of it is on disk.
    Stored,
    /// The run is on disk; its node was deleted meanwhile.
    NodeIsGone,
}

impl Conductor {
    /// Stores what a step said. Nothing is changed if another owner has taken the run or the node.
    pub(super) async fn commit(
        &self,
        claim: &mut Claim,
        event: &Event,
        output: &Output,
    ) -> Result<Committed, ConductorError> {
        let at = now();
        let change = Arc::new(Change {
            row: run_row(&output.run, claim.version)?,
            lease: claim.lease,
            releases: rests(output),
            writes: output.writes.clone(),
            lines: lines(event, output, at),
            boot: boot_change(event, &output.run),
            host: self.config().host.clone(),
            longest_error: self.config().longest_error,
            history_keep: self.config().history_keep,
            at,
        });
        let gone = self.store().write(move |tx| Box::pin(async move { change.apply(tx).await })).await?;
        let was = std::mem::replace(&mut claim.run, output.run.clone());
        claim.version += 1;
        claim.lease = claim.lease.filter(|_| !gone);
        claim.is_released = claim.lease.is_some() && rests(output);
        report(&was, output);
        if was.phase != output.run.phase {
            self.announce_progress();
            if makes_room(&was, &output.run) {
                self.0.room.notify_one();
            }
        }
        Ok(if gone { Committed::NodeIsGone } else { Committed::Stored })
    }
}

/// Whether nobody need own the run after this step. Its lock goes with the commit, which a commit of its own would follow.
fn rests(output: &Output) -> bool {
    let is_idle = output.start.is_empty() && output.run.journal.under_way().next().is_none();
    is_idle && matches!(output.run.phase, Phase::Wait | Phase::Settle | Phase::Ended)
}

/// Whether an inspection in the queue may begin now: one is not in flight any more, or not on its way to the ramdisk.
fn makes_room(was: &Run, is: &Run) -> bool {
    was.is_in_flight() && (was.phase == Phase::Start || !is.is_in_flight())
}

/// Tells the operator what was committed.
fn report(was: &Run, output: &Output) {
    for note in &output.notes {
        tracing::info!("{note}");
    }
    let has_ended = was.phase != Phase::Ended && output.run.phase == Phase::Ended;
    if has_ended && output.run.snapshot.kind.is_exclusive() {
        crate::metrics::run_ended(&output.run);
    }
}

/// Everything that one transaction changes.
struct Change {
    row: RunRow,
    lease: Option<Lease>,
    releases: bool,
    writes: Vec<NodeWrite>,
    lines: Vec<timeline::Entry>,
    boot: Option<BootChange>,
    host: String,
    longest_error: usize,
    history_keep: u64,
    at: Timestamp,
}

impl Change {
    /// Whether the node turned out to be gone.
    async fn apply(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        runs::save(tx, &self.row, self.row.version).await?;
        timeline::append(tx, self.row.id, self.lines.clone()).await?;
        match &self.boot {
            Some(BootChange::Answer(record)) => boot_records::put(tx, self.row.id, record).await?,
            Some(BootChange::Forget(run)) => boot_records::remove(tx, *run).await?,
            None => {}
        }
        let Some(lease) = self.lease else { return Ok(false) };
        match self.change_node(tx, lease).await {
            Err(StoreError::NotFound { .. }) => Ok(true),
            done => done.map(|()| false),
        }
    }

    async fn change_node(&self, tx: &Tx<'_>, lease: Lease) -> Result<(), StoreError> {
        if !self.writes.is_empty() {
            self.write_node(tx, lease).await?;
        }
        match (self.releases, self.writes.is_empty()) {
            (true, _) => nodes::release(tx, lease.node, lease.epoch).await,
            (false, true) => nodes::check(tx, lease.node, lease.epoch).await,
            (false, false) => Ok(()),
        }
    }

    async fn write_node(&self, tx: &Tx<'_>, lease: Lease) -> Result<(), StoreError> {
        let mut node = nodes::get(tx, lease.node).await?.node;
        for write in &self.writes {
            write.apply(&mut node, self.at).map_err(|refused| corrupt("nodes", lease.node.0, &refused))?;
        }
        if let Some(text) = &mut node.last_error {
            *text = text.chars().take(self.longest_error).collect();
        }
        node.updated_at = Some(self.at);
        nodes::update(tx, &node, Guard::Holder { epoch: lease.epoch }).await?;
        for (severity, text) in self.writes.iter().filter_map(told) {
            let entry = history_entry(&self.host, lease.node, severity, text, self.at);
            history::insert(tx, entry, self.history_keep).await?;
        }
        Ok(())
    }
}

/// What goes to the node's history.
fn told(write: &NodeWrite) -> Option<(&'static str, &str)> {
    match write {
        NodeWrite::LastError(Some(text)) => Some(("ERROR", text)),
        NodeWrite::History(text) => Some(("INFO", text)),
        _ => None,
    }
}

pub(super) fn history_entry(host: &str, node: NodeId, severity: &str, text: &str, at: Timestamp) -> history::Entry {
    history::Entry {
        id: uuid::Uuid::new_v4(),
        node,
        created_at: at,
        severity: severity.to_owned(),
        event_type: "introspection".to_owned(),
        event: text.to_owned(),
        conductor: host.to_owned(),
        user: None,
    }
}

/// What the boot listeners answer changes together with the journal entry that says so.
enum BootChange {
    Answer(Box<BootRecord>),
    Forget(RunId),
}

fn boot_change(event: &Event, run: &Run) -> Option<BootChange> {
    let Event::Done { seq, .. } = event else { return None };
    let entry = run.journal.get(*seq)?;
    match (&entry.effect, &entry.outcome) {
        (Effect::PrepareRamdisk, Some(Outcome::Done(Receipt::Boot(record)))) => {
            Some(BootChange::Answer(record.clone()))
        }
        (Effect::CleanUpRamdisk, Some(Outcome::Done(_))) => Some(BootChange::Forget(run.id)),
        _ => None,
    }
}

/// The timeline's lines: how the effect ended, and what the step noted.
pub(super) fn lines(event: &Event, output: &Output, at: Timestamp) -> Vec<timeline::Entry> {
    let line = |event: &str, text: String| timeline::Entry { at, event: event.to_owned(), text };
    let ended = match event {
        Event::Done { seq, .. } | Event::Failed { seq, .. } => {
            output.run.journal.get(*seq).filter(|entry| entry.outcome.is_some())
        }
        _ => None,
    };
    let phase = output.run.phase.as_str();
    ended
        .map(|entry| line(entry.effect.name(), ended_text(entry)))
        .into_iter()
        .chain(output.notes.iter().map(|note| line(phase, note.clone())))
        .collect()
}

fn ended_text(entry: &Entry) -> String {
    let took = entry.finished_at.map_or(0, |at| (at - entry.started_at).num_milliseconds());
    let seconds = f64::from(i32::try_from(took).unwrap_or(i32::MAX)) / 1000.0;
    match entry.error() {
        Some(error) => format!("{} failed after {seconds:.1} s: {error}", entry.effect),
        None => format!("{} ({seconds:.1} s)", entry.effect),
    }
}
