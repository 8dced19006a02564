//! The database that the conductors share: what of the store matters to the engine.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    id::{BodyId, NodeId},
    node::{Node, Timestamp},
    run::{Effect, Event, NodeWrite, Phase, Run, RunId, figures::Figures},
};
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::Moment;

/// A run as it is kept.
#[derive(Clone)]
pub struct RunRow {
    pub run: Run,
    pub version: u64,
    pub wake_at: Option<Timestamp>,
    /// When it was begun, when its outcome was fixed, and when it came to its end: by a clock that is right.
    pub begun: Moment,
    pub fixed: Option<Moment>,
    pub concluded: Option<Moment>,
}

impl RunRow {
    /// The run with the times of a clock that is right.
    pub fn timed(&self) -> Run {
        Run { created_at: wall(self.begun), concluded_at: self.concluded.map(wall), ..self.run.clone() }
    }
}

/// A node as it is kept.
pub struct NodeRow {
    pub node: Node,
    pub holder: Option<usize>,
    pub epoch: u64,
    pub until: Moment,
}

/// A claim on a run.
#[derive(Clone, Debug)]
pub struct Claim {
    pub id: u64,
    pub run: Run,
    pub version: u64,
    /// `None`: the node is gone.
    pub epoch: Option<u64>,
    pub asked: Moment,
    pub unstored: Unstored,
}

/// What steps have said since the last commit.
#[derive(Clone, Debug, Default)]
pub struct Unstored {
    pub writes: Vec<NodeWrite>,
    /// Whether the boot listeners have an answer from now on.
    pub record: Option<bool>,
}

pub enum Claimed {
    Ours(Box<Claim>),
    Locked,
    Gone,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Commit {
    Stored,
    /// It is stored together with what follows.
    Later,
    NodeIsGone,
    Stale,
}

#[derive(Default)]
pub struct Database {
    pub nodes: BTreeMap<NodeId, NodeRow>,
    pub runs: BTreeMap<RunId, RunRow>,
    pub records: BTreeSet<RunId>,
    pub bodies: BTreeMap<RunId, BodyId>,
    /// What must never happen and did.
    pub wrongs: Vec<String>,
    claims: u64,
}

/// The wall clock of somebody who is right.
pub fn wall(now: Moment) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(now)
}

impl Database {
    pub fn claim(&mut self, conductor: usize, id: RunId, now: Moment, figures: &Figures) -> Claimed {
        let Some(row) = self.runs.get(&id) else { return Claimed::Gone };
        let mut epoch = None;
        if let Some(node) = self.nodes.get_mut(&row.run.node) {
            if node.holder.is_some() && node.until >= now {
                return Claimed::Locked;
            }
            node.holder = Some(conductor);
            node.epoch += 1;
            node.until = now + millis(figures.lease);
            epoch = Some(node.epoch);
        }
        self.claims += 1;
        let (run, version) = (row.run.clone(), row.version);
        Claimed::Ours(Box::new(Claim {
            id: self.claims,
            run,
            version,
            epoch,
            asked: now,
            unstored: Unstored::default(),
        }))
    }

    /// One transaction: the run as it is now, its node, and the boot record.
    pub fn commit(&mut self, claim: &mut Claim, run: &Run, now: Moment, at: Timestamp) -> Commit {
        let Some(row) = self.runs.get_mut(&run.id).filter(|row| row.version == claim.version) else {
            return Commit::Stale;
        };
        let gone = match (claim.epoch, self.nodes.get_mut(&run.node)) {
            (Some(epoch), Some(node)) if node.holder.is_none() || node.epoch != epoch => return Commit::Stale,
            (Some(_), Some(node)) => {
                for write in &claim.unstored.writes {
                    if let Err(refused) = write.apply(&mut node.node, at) {
                        self.wrongs.push(format!("{refused}"));
                    }
                }
                false
            }
            (Some(_), None) => true,
            (None, _) => false,
        };
        if row.run.ending.is_some() && row.run.ending != run.ending {
            self.wrongs.push(format!("the outcome of {} changed to {:?}", run.id, run.ending));
        }
        if run.ending.is_some() && row.fixed.is_none() {
            row.fixed = Some(now);
        }
        if run.concluded_at.is_some() && row.concluded.is_none() {
            row.concluded = Some(now);
        }
        row.version += 1;
        row.wake_at = run.wake_at;
        row.run = run.clone();
        match std::mem::take(&mut claim.unstored).record {
            Some(true) => drop(self.records.insert(run.id)),
            Some(false) => drop(self.records.remove(&run.id)),
            None => {}
        }
        claim.version += 1;
        if gone { Commit::NodeIsGone } else { Commit::Stored }
    }

    pub fn renew(&mut self, claim: &mut Claim, now: Moment, figures: &Figures) -> bool {
        let (Some(epoch), Some(node)) = (claim.epoch, self.nodes.get_mut(&claim.run.node)) else { return true };
        if node.holder.is_none() || node.epoch != epoch {
            return false;
        }
        node.until = now + millis(figures.lease);
        claim.asked = now;
        true
    }

    pub fn release(&mut self, claim: &Claim) {
        if let Some(node) = self.nodes.get_mut(&claim.run.node)
            && Some(node.epoch) == claim.epoch
        {
            node.holder = None;
        }
    }

    /// Takes the locks that ran out, or that this conductor's earlier life has left, and gives the runs of their nodes.
    pub fn free(&mut self, of: Option<usize>, now: Moment) -> Vec<RunId> {
        let mut freed = BTreeSet::new();
        for (id, node) in &mut self.nodes {
            let is_left = of.map_or(node.until < now, |host| node.holder == Some(host));
            if node.holder.is_some() && is_left {
                node.holder = None;
                node.epoch += 1;
                freed.insert(*id);
            }
        }
        let open = self.runs.values().filter(|row| row.run.phase != Phase::Ended && freed.contains(&row.run.node));
        open.map(|row| row.run.id).collect()
    }

    pub fn due(&self, at: Timestamp) -> Vec<RunId> {
        let due = |row: &&RunRow| row.run.phase != Phase::Ended && row.wake_at.is_some_and(|wake| wake <= at);
        self.runs.values().filter(due).map(|row| row.run.id).collect()
    }

    /// When the next run is due, by the clock of somebody who is right.
    pub fn next_due(&self) -> Option<Timestamp> {
        let open = self.runs.values().filter(|row| row.run.phase != Phase::Ended);
        open.filter_map(|row| row.wake_at).min()
    }

    pub fn adrift(&self) -> BTreeSet<RunId> {
        let works = |row: &&RunRow| match row.run.phase {
            Phase::Start | Phase::Work | Phase::Undo => true,
            Phase::Wait => self.bodies.contains_key(&row.run.id),
            // A debt that is being paid has no time of its own.
            Phase::Settle => row.wake_at.is_none(),
            Phase::Queue | Phase::Ended => false,
        };
        let unowned = |row: &&RunRow| self.nodes.get(&row.run.node).is_none_or(|node| node.holder.is_none());
        self.runs.values().filter(works).filter(unowned).map(|row| row.run.id).collect()
    }

    pub fn open_of_node(&self, node: NodeId) -> Option<&RunRow> {
        let open = |row: &&RunRow| {
            row.run.node == node && row.run.phase != Phase::Ended && row.run.snapshot.kind.is_exclusive()
        };
        self.runs.values().find(open)
    }

    pub fn open(&self) -> BTreeSet<RunId> {
        self.runs.values().filter(|row| row.run.phase != Phase::Ended).map(|row| row.run.id).collect()
    }

    /// Takes a ramdisk's post; whether it is answered well.
    pub fn accept(&mut self, run: RunId) -> bool {
        let Some(row) = self.runs.get(&run) else { return false };
        if row.run.accepts_body() {
            let number = u128::try_from(self.bodies.len()).unwrap_or_default() + 1;
            self.bodies.entry(run).or_insert(BodyId(Uuid::from_u128(number)));
            return true;
        }
        row.run.body.is_some()
    }
}

pub fn millis(time: std::time::Duration) -> Moment {
    Moment::try_from(time.as_millis()).unwrap_or(Moment::MAX)
}

/// Whether the boot listeners have an answer for the run's machine after this event; `None`: as before.
pub fn record(event: &Event, run: &Run) -> Option<bool> {
    let Event::Done { seq, .. } = event else { return None };
    match run.journal.get(*seq)?.effect {
        Effect::PrepareRamdisk => Some(true),
        Effect::CleanUpRamdisk => Some(false),
        _ => None,
    }
}
