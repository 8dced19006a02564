//! What happens to a run, and what follows from it.

use std::time::Duration;

use super::{NodeWrite, Phase, Receipt, Run, Seq};
use crate::{boot::sign::Sign, id::BodyId};

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A client asked for it; the first event of every run.
    Requested,
    /// A client asked for it, and there is no room for it now; in place of [`Event::Requested`].
    Enqueued {
        /// How many wait already.
        ahead: usize,
        /// How long it waits for its turn.
        patience: Duration,
    },
    /// Its turn in the queue has come.
    Admitted,
    /// An effect happened.
    Done {
        /// Which.
        seq: Seq,
        /// What it brought back.
        receipt: Receipt,
    },
    /// An effect failed.
    Failed {
        /// Which.
        seq: Seq,
        /// For the operator.
        error: String,
        /// The request may have landed all the same.
        maybe_happened: bool,
    },
    /// A body was accepted and is on disk.
    Body(BodyId),
    /// The external introspection service has finished, well or with an error.
    InspectorSays {
        /// In the service's words.
        error: Option<String>,
    },
    /// A client wants it to end.
    Abort,
    /// A client starts an introspection that waits once more, from its first step.
    Restart {
        /// As in [`RunKind::Introspect`](super::RunKind::Introspect).
        manage_boot: bool,
    },
    /// `wake_at` has passed.
    Deadline {
        /// The last sign of life of the booting machine, and its age in seconds.
        last_sign: Option<(Sign, u64)>,
    },
    /// A new owner: what was under way when the old one died happens again.
    Claimed,
    /// The node was deleted.
    NodeDeleted,
}

/// What follows from an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The run after it.
    pub run: Run,
    /// The entries whose effects are to happen now, side by side, once the run is stored.
    pub start: Vec<Seq>,
    /// Changes of the node, for the same transaction.
    pub writes: Vec<NodeWrite>,
    /// Lines for the timeline, for the same transaction.
    pub notes: Vec<String>,
}

impl Output {
    /// Whether it may be stored together with what follows, where `event` came in the phase `was`: while something is
    /// under way, and a new owner that knows nothing of it would get to the same. What leaves nothing is done anew, a
    /// body is found again, and what is to be undone has been on disk since the outcome was.
    #[must_use]
    pub fn can_be_stored_later(&self, was: Phase, event: &Event) -> bool {
        let undoes = was == self.run.phase && matches!(was, Phase::Undo | Phase::Settle);
        let is_light = |seq: &Seq| {
            self.run.journal.get(*seq).is_some_and(|entry| entry.effect.leaves_nothing() || (entry.undo && undoes))
        };
        let is_known_again = match event {
            Event::Done { seq, .. } => is_light(seq),
            Event::Body(_) => true,
            _ => false,
        };
        is_known_again && self.run.journal.under_way().next().is_some() && self.start.iter().all(is_light)
    }
}
