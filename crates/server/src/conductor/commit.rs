//! The commit: run, node, timeline, history and boot answers change in one transaction, or not at all.

use std::sync::Arc;

use assay_core::{
    boot::BootRecord,
    id::NodeId,
    node::{Node, Timestamp},
    run::{Effect, Entry, Event, NodeWrite, Outcome, Output, Phase, Receipt, Run, RunId},
};
use assay_store::{
    StoreError, Tx, boot_records, history,
    nodes::{self, Guard},
    runs::{self, RunRow},
    timeline,
};
use tokio::time::{Duration, Instant};

use super::{
    Conductor,
    claim::{Claim, Lease},
    findings::Findings,
    now,
    tasks::{corrupt, run_row},
};
use crate::api::conductor::ConductorError;

/// How long what a step said may wait for the next commit: whoever looks on sees it soon.
const LATEST: Duration = Duration::from_secs(1);

/// What a commit met.
pub(super) enum Committed {
    /// All of it is on disk, or will be with what follows.
    Stored,
    /// The run is on disk; its node was deleted meanwhile.
    NodeIsGone,
}

/// What steps have said since the last commit.
#[derive(Default)]
pub(super) struct Unstored {
    writes: Vec<NodeWrite>,
    lines: Vec<timeline::Entry>,
    notes: Vec<String>,
    boot: Option<BootChange>,
    findings: Option<Findings>,
    /// When the first of them was taken.
    since: Option<Instant>,
}

impl Unstored {
    fn add(&mut self, event: &Event, output: &Output, at: Timestamp) {
        self.lines.extend(lines(event, output, at));
        self.writes.extend(output.writes.iter().cloned());
        self.notes.extend(output.notes.iter().cloned());
        self.boot = boot_change(event, &output.run).or(self.boot.take());
        self.since.get_or_insert_with(Instant::now);
    }

    /// When it is to be stored although nothing else is.
    pub fn until(&self) -> Option<Instant> {
        self.since.map(|since| since + LATEST)
    }
}

impl Conductor {
    /// Takes what a step said, and stores it at once unless it can wait for the next commit. An error: another owner has
    /// taken the run or the node, or the store fails; nothing is changed.
    pub(super) async fn commit(
        &self,
        claim: &mut Claim,
        event: &Event,
        output: &Output,
    ) -> Result<Committed, ConductorError> {
        let was = std::mem::replace(&mut claim.run, output.run.clone()).phase;
        claim.unstored.add(event, output, now());
        if ends_processing(event) {
            claim.unstored.findings = claim.tray.take();
        }
        let later = output.can_be_stored_later(was, event) && claim.unstored.findings.is_none();
        if later { Ok(Committed::Stored) } else { self.store_claim(claim).await }
    }

    /// Stores what the steps of a claim have said.
    pub(super) async fn store_claim(&self, claim: &mut Claim) -> Result<Committed, ConductorError> {
        let unstored = std::mem::take(&mut claim.unstored);
        let notes = unstored.notes.clone();
        let change = Arc::new(Change {
            row: run_row(&claim.run, claim.version)?,
            lease: claim.lease,
            releases: rests(&claim.run),
            unstored,
            host: self.config().host.clone(),
            longest_error: self.config().longest_error,
            history_keep: self.config().history_keep,
            at: now(),
        });
        let gone = self.store().write(move |tx| Box::pin(async move { change.apply(tx).await })).await?;
        claim.version += 1;
        claim.lease = claim.lease.filter(|_| !gone);
        claim.is_released = claim.lease.is_some() && rests(&claim.run);
        let was = std::mem::replace(&mut claim.stored, claim.run.phase);
        self.report(was, &claim.run, &notes);
        Ok(if gone { Committed::NodeIsGone } else { Committed::Stored })
    }

    /// Tells whom it concerns what was committed.
    fn report(&self, was: Phase, run: &Run, notes: &[String]) {
        for note in notes {
            tracing::info!("{note}");
        }
        if was == run.phase {
            return;
        }
        if run.phase == Phase::Ended && run.snapshot.kind.is_exclusive() {
            crate::metrics::run_ended(run);
        }
        self.announce_progress();
        if makes_room(was, run) {
            self.0.room.notify_one();
        }
    }
}

/// Whether nobody need own the run as it is now. Its lock goes with the commit, which a commit of its own would follow.
fn rests(run: &Run) -> bool {
    run.journal.under_way().next().is_none() && matches!(run.phase, Phase::Wait | Phase::Settle | Phase::Ended)
}

/// Whether an inspection in the queue may begin now: one is not in flight any more, or not on its way to the ramdisk.
fn makes_room(was: Phase, run: &Run) -> bool {
    run.snapshot.kind.is_inspection() && (was == Phase::Start || !run.is_in_flight())
}

/// Everything that one transaction changes.
struct Change {
    row: RunRow,
    lease: Option<Lease>,
    releases: bool,
    unstored: Unstored,
    host: String,
    longest_error: usize,
    history_keep: u64,
    at: Timestamp,
}

impl Change {
    /// Whether the node turned out to be gone.
    async fn apply(&self, tx: &Tx<'_>) -> Result<bool, StoreError> {
        runs::save(tx, &self.row, self.row.version).await?;
        timeline::append(tx, self.row.id, self.unstored.lines.clone()).await?;
        match &self.unstored.boot {
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
        let findings = self.unstored.findings.as_ref();
        let found = findings.and_then(Findings::node);
        let writes = found.is_some() || !self.unstored.writes.is_empty();
        if writes {
            self.write_node(tx, lease, found).await?;
        }
        match (self.releases, writes) {
            (true, _) => nodes::release(tx, lease.node, lease.epoch).await?,
            (false, true) => {}
            (false, false) => nodes::check(tx, lease.node, lease.epoch).await?,
        }
        if let Some(findings) = findings {
            let note = |text| timeline::Entry { at: self.at, event: self.row.phase.clone(), text };
            let not_made = findings.store(tx).await?.into_iter().map(note);
            timeline::append(tx, self.row.id, not_made).await?;
        }
        Ok(())
    }

    /// Writes the node, as it is stored or as the findings have it.
    async fn write_node(&self, tx: &Tx<'_>, lease: Lease, found: Option<&Node>) -> Result<(), StoreError> {
        let mut node = match found {
            Some(found) => found.clone(),
            None => nodes::get(tx, lease.node).await?.node,
        };
        for write in &self.unstored.writes {
            write.apply(&mut node, self.at).map_err(|refused| corrupt("nodes", lease.node.0, &refused))?;
        }
        if let Some(text) = &mut node.last_error {
            *text = text.chars().take(self.longest_error).collect();
        }
        node.updated_at = Some(self.at);
        nodes::update(tx, &node, Guard::Holder { epoch: lease.epoch }).await?;
        for (severity, text) in self.unstored.writes.iter().filter_map(told) {
            let entry = history_entry(&self.host, lease.node, severity, text, self.at);
            history::insert(tx, entry, self.history_keep).await?;
        }
        Ok(())
    }
}

/// Whether the event says that an inventory was processed.
pub(super) const fn ends_processing(event: &Event) -> bool {
    matches!(event, Event::Done { receipt: Receipt::Processed { .. }, .. })
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
