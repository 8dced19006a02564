//! An inspection as the introspection API shows it: the state of a run in ironic-inspector's words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ending, Phase, Run, conclude};
use crate::{node::Timestamp, power::named};

named! {
    /// ironic-inspector's states of an introspection.
    IntrospectionState {
        /// Being prepared.
        Starting = "starting",
        /// Waits for the ramdisk.
        Waiting = "waiting",
        /// The hooks work, or what was done for the introspection is being put back.
        Processing = "processing",
        /// Stored data are processed again.
        Reapplying = "reapplying",
        /// A node is being made from data that nobody waited for.
        Enrolling = "enrolling",
        /// Being ended at a client's wish.
        Aborting = "aborting",
        /// It has data, and nothing goes on any more.
        Finished = "finished",
        /// It has failed.
        Error = "error",
    }
}

/// An introspection at one point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspection {
    /// The state.
    pub state: IntrospectionState,
    /// When it was started, or started again.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}

impl From<&Run> for Introspection {
    /// It has finished when the node has been put back as well: whoever waits for the end may use the
    /// node at once. What is owed then is the run's debt, and no error of the introspection.
    fn from(run: &Run) -> Self {
        let ended = run.ending.as_ref().filter(|_| run.concluded_at.is_some());
        let state = match (run.phase, ended) {
            (_, Some(Ending::Success)) => IntrospectionState::Finished,
            (_, Some(_)) => IntrospectionState::Error,
            (Phase::Queue | Phase::Start, None) => IntrospectionState::Starting,
            (Phase::Wait, None) => IntrospectionState::Waiting,
            (_, None) if run.ending == Some(Ending::Aborted) => IntrospectionState::Aborting,
            (_, None) => IntrospectionState::Processing,
        };
        Self { state, started_at: run.created_at, finished_at: run.concluded_at, error: ended.and_then(error) }
    }
}

/// The error in the words that the field's clients know.
fn error(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Aborted => Some("Canceled by operator".to_owned()),
        Ending::TimedOut(text) => Some(format!("Introspection timeout: {text}")),
        other => conclude::text(other).map(str::to_owned),
    }
}
