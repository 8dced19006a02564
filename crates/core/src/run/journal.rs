//! The journal: every effect of a run, written before it happens, and its outcome after.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::effect::{Effect, Receipt};
use crate::node::Timestamp;

/// The place of an entry in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub usize);

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It happened.
    Done(Receipt),
    /// It did not, or nobody can tell.
    Failed {
        /// For the operator.
        error: String,
        /// The request may have landed all the same.
        maybe_happened: bool,
    },
}

/// One effect and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// The effect.
    pub effect: Effect,
    /// Whether it undoes another.
    pub undo: bool,
    /// When it was last started.
    pub started_at: Timestamp,
    /// When its outcome came.
    pub finished_at: Option<Timestamp>,
    /// `None` while it is under way, or when its owner died over it.
    pub outcome: Option<Outcome>,
    /// How often it was started: more than once after a crash, or as a debt.
    pub tries: u32,
}

impl Entry {
    /// Whether it happened.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Done(_)))
    }

    /// The error, if it failed.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match &self.outcome {
            Some(Outcome::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// Whether a request of this entry may land after the run's end: its answer was lost, or it was
    /// started by an owner that died.
    #[must_use]
    pub fn may_land_late(&self) -> bool {
        let unsure = matches!(self.outcome, Some(Outcome::Failed { maybe_happened: true, .. }));
        self.effect.can_land_late() && (unsure || self.tries > 1)
    }
}

/// The entries of a run, in the order in which they were started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Journal(Vec<Entry>);

impl Journal {
    /// All entries.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.0.iter()
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, seq: Seq) -> Option<&Entry> {
        self.0.get(seq.0)
    }

    /// The entries without an outcome.
    pub fn under_way(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| entry.outcome.is_none())
    }

    /// What the boot override and the power were before the run.
    #[must_use]
    pub fn before(&self) -> Option<&Receipt> {
        self.receipts().find(|receipt| matches!(receipt, Receipt::Before { .. }))
    }

    /// Whether the BMC can't be told to boot from what the run wants.
    #[must_use]
    pub fn lacks_device(&self) -> bool {
        matches!(self.before(), Some(Receipt::Before { lacks_device: true, .. }))
    }

    /// The BMC's addresses as the introspection service resolved them.
    #[must_use]
    pub fn bmc_addresses(&self) -> &[IpAddr] {
        let known = self.receipts().filter_map(|receipt| match receipt {
            Receipt::Introspected { bmc_addresses } => Some(bmc_addresses.as_slice()),
            _ => None,
        });
        known.last().unwrap_or_default()
    }

    /// The receipts of the effects that happened.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.0.iter().filter_map(|entry| match &entry.outcome {
            Some(Outcome::Done(receipt)) => Some(receipt),
            _ => None,
        })
    }

    /// Writes that `effect` is about to happen. An undo that was tried before keeps its entry.
    pub(super) fn start(&mut self, effect: Effect, undo: bool, now: Timestamp) -> Seq {
        if let Some(entry) = self.0.iter_mut().find(|entry| undo && entry.effect == effect) {
            entry.restart(now);
            return entry.seq;
        }
        let seq = Seq(self.0.len());
        self.0.push(Entry { seq, effect, undo, started_at: now, finished_at: None, outcome: None, tries: 1 });
        seq
    }

    /// Starts again what a dead owner left under way.
    pub(super) fn restart_under_way(&mut self, now: Timestamp) -> Vec<Seq> {
        let left = self.0.iter_mut().filter(|entry| entry.outcome.is_none());
        left.map(|entry| {
            entry.restart(now);
            entry.seq
        })
        .collect()
    }

    /// Gives up what is under way and meets the condition: nobody can tell whether it happens.
    pub(super) fn give_up(&mut self, why: &str, now: Timestamp, condition: impl Fn(&Entry) -> bool) {
        for entry in self.0.iter_mut().filter(|entry| entry.outcome.is_none() && condition(entry)) {
            entry.outcome = Some(Outcome::Failed { error: why.to_owned(), maybe_happened: true });
            entry.finished_at = Some(now);
        }
    }

    /// Writes the outcome of an entry that is under way; `false` for any other, which changes nothing.
    pub(super) fn finish(&mut self, seq: Seq, outcome: Outcome, now: Timestamp) -> bool {
        let Some(entry) = self.0.get_mut(seq.0).filter(|entry| entry.outcome.is_none()) else {
            return false;
        };
        entry.outcome = Some(outcome);
        entry.finished_at = Some(now);
        true
    }
}

impl Entry {
    fn restart(&mut self, now: Timestamp) {
        self.outcome = None;
        self.finished_at = None;
        self.started_at = now;
        self.tries += 1;
    }
}
