//! The cap on inspections in flight, and the queue before it.
//!
//! **Invariant:** whether there is room is decided in the transaction that takes it, one at a time over all conductors.

use assay_core::{
    node::{InvalidState, Node, Timestamp},
    run::{
        Event, NodeWrite, Output, Run, RunId,
        figures::Figures,
        queue::{Limits, bmc_address, whose_turn},
        step,
    },
};
use assay_store::{
    StoreError, Tx, meta,
    nodes::{self, Guard, NodeRow},
    queue,
    runs::{self, Kept},
    timeline,
};
use tokio::time::{Duration, timeout};
use tracing::{info, warn};

use super::{
    Conductor,
    claim::{Lease, Locker},
    commit::lines,
    now,
    tasks::{parse_run, run_row},
};
use crate::api::conductor::ConductorError;

/// What a new run begins by.
#[derive(Clone)]
pub(super) struct Beginning {
    /// Not requested yet.
    pub run: Run,
    pub limits: Limits,
    /// How long it waits for its turn.
    pub patience: Duration,
    pub figures: Figures,
    /// For whom its node is locked, where this conductor drives it.
    pub locker: Option<Locker>,
    /// The version of the node that the run was decided on, if that matters.
    pub seen: Option<i64>,
    pub at: Timestamp,
}

impl Beginning {
    /// Begins the run, or puts it into the queue. What this conductor drives from here is returned with the lock of its
    /// node.
    pub async fn apply(self, tx: &Tx<'_>) -> Result<Result<Option<(Run, Lease)>, InvalidState>, StoreError> {
        let NodeRow { mut node, version, .. } = nodes::get(tx, self.run.node).await?;
        if self.seen.is_some_and(|seen| seen != version) {
            return Err(StoreError::StaleNode(node.id));
        }
        let event = self.event(tx, &node).await?;
        let output = step(self.run.clone(), event.clone(), self.at, &self.figures);
        if let Err(refused) = write_all(&output.writes, &mut node, self.at) {
            return Ok(Err(refused));
        }
        nodes::update(tx, &node, Guard::Unreserved { version }).await?;
        let begins = event == Event::Requested;
        let mut row = run_row(&output.run, 0)?;
        if begins && self.locker.is_none() {
            // A conductor of its group looks for what is due.
            row.wake_at = Some(self.at);
        }
        let mut kept = Kept { node: Some(&node), ..Kept::default() };
        let bmc = bmc_address(&node);
        if output.run.snapshot.kind.is_inspection() {
            kept.owner = Some(node.owner.as_deref().unwrap_or_default());
            kept.bmc = bmc.as_deref();
            kept.admitted_at = begins.then_some(self.at);
        }
        runs::insert(tx, &row, kept).await?;
        timeline::append(tx, output.run.id, lines(&event, &output, self.at)).await?;
        Ok(Ok(match self.locker.filter(|_| begins) {
            Some(locker) => Some((output.run, locker.lock(tx, node.id).await?)),
            None => None,
        }))
    }

    /// Nobody overtakes the queue.
    async fn event(&self, tx: &Tx<'_>, node: &Node) -> Result<Event, StoreError> {
        if !self.run.snapshot.kind.is_inspection() {
            return Ok(Event::Requested);
        }
        meta::take_turns(tx).await?;
        let (ahead, load) = (queue::len(tx).await?, queue::load(tx, &[]).await?);
        if ahead == 0 && load.has_room(&self.limits, bmc_address(node).as_deref()) {
            return Ok(Event::Requested);
        }
        Ok(Event::Enqueued { ahead, patience: self.patience })
    }
}

fn write_all(writes: &[NodeWrite], node: &mut Node, at: Timestamp) -> Result<(), InvalidState> {
    writes.iter().try_for_each(|write| write.apply(node, at))?;
    node.updated_at = Some(at);
    Ok(())
}

/// A run whose turn has come.
struct Turn {
    run: RunId,
    node: Node,
}

impl Conductor {
    /// Lets runs begin whose turn has come, whenever there may be room: at each change that this conductor makes, and at
    /// every tick for the changes of others.
    pub(super) async fn admit_for_ever(self) {
        let tick = self.config().figures.tick;
        let stop = self.0.stop.clone();
        while stop.run_until_cancelled(timeout(tick, self.0.room.notified())).await.is_some() {
            if let Err(failure) = self.admit().await {
                warn!(error = %failure, "the queue of inspections can't be looked at; the next look tries again");
            }
        }
    }

    async fn admit(&self) -> Result<(), ConductorError> {
        if queue::len(&self.store().read()).await? == 0 {
            return Ok(());
        }
        let (limits, figures) = (self.config().limits, self.config().figures);
        let turns = self.store().write(move |tx| Box::pin(async move { admit(tx, &limits, &figures).await })).await?;
        for turn in turns {
            info!(run.id = %turn.run, node.id = %turn.node.id, "an inspection leaves the queue");
            if self.serves(&turn.node) {
                self.deliver(turn.run, Event::Claimed);
            }
        }
        Ok(())
    }
}

async fn admit(tx: &Tx<'_>, limits: &Limits, figures: &Figures) -> Result<Vec<Turn>, StoreError> {
    meta::take_turns(tx).await?;
    let waiting = queue::waiting(tx).await?;
    let owners: Vec<&str> = waiting.iter().map(|queued| queued.owner.as_str()).collect();
    let load = queue::load(tx, &owners).await?;
    let mut turns = Vec::new();
    for run in whose_turn(&waiting, load, limits) {
        turns.extend(let_begin(tx, run, figures).await?);
    }
    Ok(turns)
}

/// `None`: a client holds the node for a moment, or has deleted it.
async fn let_begin(tx: &Tx<'_>, id: RunId, figures: &Figures) -> Result<Option<Turn>, StoreError> {
    let at = now();
    let row = runs::lock(tx, id).await?;
    let (run, version) = (parse_run(&row).map_err(|wrong| unreadable(id, &wrong))?, row.version);
    let NodeRow { mut node, version: node_version, .. } = match nodes::get(tx, run.node).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        row => row?,
    };
    if node.reservation.is_some() {
        return Ok(None);
    }
    let output: Output = step(run, Event::Admitted, at, figures);
    if write_all(&output.writes, &mut node, at).is_err() {
        return Ok(None);
    }
    let mut begun = run_row(&output.run, version)?;
    // Whoever serves the node finds it at the next look, should this conductor not, or die now.
    begun.wake_at = Some(at);
    runs::save(tx, &begun, version).await?;
    queue::admit(tx, id, at).await?;
    timeline::append(tx, id, lines(&Event::Admitted, &output, at)).await?;
    nodes::update(tx, &node, Guard::Unreserved { version: node_version }).await?;
    Ok(Some(Turn { run: id, node }))
}

fn unreadable(run: RunId, wrong: &ConductorError) -> StoreError {
    super::tasks::corrupt("runs", run.0, wrong)
}
