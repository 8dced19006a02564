//! What a run's end means for its node, and the texts that the operator reads.

use super::{Effect, Ending, NodeWrite, Phase, Run, RunKind};
use crate::{
    boot::sign::{Sign, last_seen},
    provision::ProvisionEvent,
};

/// The changes of the node when every undo has been tried once, and the line for the timeline.
pub(super) fn conclude(run: &Run) -> (Vec<NodeWrite>, String) {
    let Some(ending) = &run.ending else { return (Vec::new(), String::new()) };
    let owed = clean_up_errors(run);
    let writes = match (run.snapshot.kind, ending) {
        (_, Ending::NodeDeleted) => Vec::new(),
        (RunKind::Inspect, ending) => inspection(ending, owed.as_deref()),
        (RunKind::Verify, Ending::Success) => vec![NodeWrite::Advance(ProvisionEvent::Done)],
        (RunKind::Verify, ending) => vec![error(ending), NodeWrite::Advance(ProvisionEvent::Fail)],
        (RunKind::Power(_), Ending::Success) => vec![NodeWrite::TargetPower(None)],
        (RunKind::Power(_), ending) => vec![NodeWrite::TargetPower(None), error(ending)],
        (RunKind::BootDevice { .. } | RunKind::Introspect { .. }, _) => Vec::new(),
    };
    let note = match (text(ending), owed) {
        (None, None) => "ended well".to_owned(),
        (None, Some(owed)) => format!("ended; {owed}"),
        (Some(text), None) => format!("ended: {text}"),
        (Some(text), Some(owed)) => format!("ended: {text}; {owed}"),
    };
    (writes, note)
}

fn inspection(ending: &Ending, owed: Option<&str>) -> Vec<NodeWrite> {
    match (ending, owed) {
        (Ending::Success, None) => vec![NodeWrite::LastError(None), NodeWrite::Advance(ProvisionEvent::Done)],
        (Ending::Success, Some(owed)) => {
            vec![NodeWrite::LastError(Some(owed.to_owned())), NodeWrite::Advance(ProvisionEvent::Fail)]
        }
        (Ending::Aborted, None) => vec![error(ending), NodeWrite::Advance(ProvisionEvent::Abort)],
        (ending, None) => vec![error(ending), NodeWrite::Advance(ProvisionEvent::Fail)],
        (ending, Some(owed)) => {
            let event = if *ending == Ending::Aborted { ProvisionEvent::Abort } else { ProvisionEvent::Fail };
            let text = format!("{}; {owed}", text(ending).unwrap_or_default());
            vec![NodeWrite::LastError(Some(text)), NodeWrite::Advance(event)]
        }
    }
}

fn error(ending: &Ending) -> NodeWrite {
    NodeWrite::LastError(text(ending).map(str::to_owned))
}

/// The operator's text for an ending. Clients look for the word "aborted".
#[must_use]
pub fn text(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Success => None,
        Ending::Failed(text) | Ending::TimedOut(text) => Some(text),
        Ending::Aborted => Some("Inspection was aborted by request."),
        Ending::NodeDeleted => Some("The node was deleted."),
    }
}

/// What is still owed, in one sentence.
fn clean_up_errors(run: &Run) -> Option<String> {
    let errors: Vec<&str> =
        run.journal.entries().filter(|entry| entry.undo).filter_map(|entry| entry.error()).collect();
    (!errors.is_empty())
        .then(|| format!("Inspection clean up failed: {} (it is retried until it succeeds)", errors.join(", ")))
}

/// What `last_error` says when this effect failed.
pub(super) fn failure_text(run: &Run, effect: &Effect, error: &str) -> String {
    match (run.snapshot.kind, effect) {
        (RunKind::Verify, _) => format!("Failed to get power state for node {}. Error: {error}", run.node),
        (RunKind::Power(target), _) => {
            format!("Failed to change power state to '{}' by '{target}': {error}", target.end_state())
        }
        (RunKind::BootDevice { .. }, _) | (RunKind::Inspect, Effect::ValidateInspection) => error.to_owned(),
        (_, Effect::ProcessBody { .. } | Effect::FetchData) => format!("Failed to finish inspection: {error}"),
        (RunKind::Inspect, Effect::StartIntrospection { manage_boot: true }) => {
            format!("Failed to start inspection: {error}")
        }
        (RunKind::Inspect | RunKind::Introspect { .. }, _) => format!("unable to start inspection: {error}"),
    }
}

/// What `last_error` says when a deadline has passed: the phase that was reached, in words.
pub(super) fn timeout_text(run: &Run, last_sign: Option<(Sign, u64)>) -> String {
    if run.phase == Phase::Queue {
        return "Timeout reached: the inspection waited in the queue, and its turn did not come in time ([assay] queue_timeout; \
                [assay] max_inspections bounds how many go on at once)."
            .to_owned();
    }
    if run.reached() == Phase::Wait {
        return format!(
            "Timeout reached while inspecting the node. Please check if the ramdisk responsible for the inspection \
             is running on the node. What is known: {}.",
            last_seen(last_sign)
        );
    }
    let stuck = run.journal.under_way().map(|entry| entry.effect.to_string()).collect::<Vec<_>>().join(", ");
    let seconds = run.snapshot.start_timeout;
    match run.snapshot.kind {
        RunKind::Inspect | RunKind::Introspect { .. } => {
            format!("Timeout reached: the node's inspection was not under way within {seconds} s. It was at: {stuck}.")
        }
        _ => format!("Timeout reached: no end within {seconds} s. It was at: {stuck}."),
    }
}
