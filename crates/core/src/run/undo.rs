//! What undoes each effect, and in which order.
//!
//! **Invariant:** the match is exhaustive: an effect without an answer here does not compile.

use super::{Effect, EndPower, Ending, Entry, Outcome, Receipt, Run, RunKind, Service};
use crate::power::{BootOverride, PowerState};

/// The undo effects that the run's journal asks for, in the order in which they must happen.
///
/// Order: inspector abort → power off → disc → boot device → boot answers → ports → the one reboot of a
/// node that must not be powered off. Each is tried whatever became of the others.
#[must_use]
pub fn needed(run: &Run) -> Vec<Effect> {
    of_entries(run, |_| true)
}

/// The undo effects of what may have landed after the run's end: nothing else is touched once more,
/// for the node is its clients' again. A late reboot has ended outside of the ramdisk by itself. A
/// port that has landed late is another one than that of the receipt, and is found by our mark.
#[must_use]
pub fn needed_if_late(run: &Run) -> Vec<Effect> {
    let mut effects = of_entries(run, Entry::may_land_late);
    effects.retain(|effect| *effect != Effect::RestorePower { to: EndPower::Reboot });
    for effect in &mut effects {
        if let Effect::RemoveInspectionNetwork { vif, .. } = effect {
            *vif = None;
        }
    }
    effects
}

/// What the BMC shows that the run's undo should have taken away, one sentence each. A boot device
/// that the BMC held before the run, or that a client of `later` has set since, is nobody's left-over.
#[must_use]
pub fn left_behind(run: &Run, later: &[Run], power: Option<PowerState>, boot: Option<&BootOverride>) -> Vec<String> {
    let device = boot.and_then(|boot| boot.device);
    let ended = run.concluded_at.map_or_else(String::new, |at| format!(", which ended at {} UTC", at.format("%F %T")));
    let of_run = format!("inspection {}{ended}", run.id);
    let mut undo = needed(run);
    undo.retain(|effect| !later.iter().any(|later| is_overtaken(run, effect, later)));
    undo.iter()
        .filter_map(|effect| match effect {
            Effect::RestorePower { to: EndPower::Off } if power == Some(PowerState::On) => Some(format!(
                "the machine is on, and {of_run}, should have left it off: look at its console, then switch it off, or \
                 on through the API if it is wanted"
            )),
            Effect::RestoreBootDevice { ours, former } if device == Some(*ours) && former.device != Some(*ours) => {
                Some(format!("the BMC will boot it from {ours}, as {of_run}, has set it: set the boot device"))
            }
            _ => None,
        })
        .collect()
}

fn of_entries(run: &Run, wanted: impl Fn(&Entry) -> bool) -> Vec<Effect> {
    if !run.snapshot.kind.is_inspection() {
        return Vec::new();
    }
    let mut effects: Vec<Effect> = Vec::new();
    for entry in run.journal.entries().filter(|entry| !entry.undo && wanted(entry)) {
        effects.extend(undo(run, entry).filter(|effect| !effects.contains(effect)));
    }
    effects.sort_by_key(rank);
    effects
}

/// Whether `later`, what a client has asked for after the run's end, has taken the place of this
/// undo, which would take it back.
#[must_use]
pub fn is_overtaken(run: &Run, effect: &Effect, later: &Run) -> bool {
    let same = match effect {
        Effect::RestorePower { .. } => matches!(later.snapshot.kind, RunKind::Power(_)),
        Effect::RestoreBootDevice { .. } => matches!(later.snapshot.kind, RunKind::BootDevice { .. }),
        _ => false,
    };
    same && later.ending == Some(Ending::Success) && run.concluded_at.is_some_and(|at| at < later.created_at)
}

/// What undoes one entry. An entry without an outcome, or whose answer was lost, may have happened; so may
/// the first try of one that a new owner has repeated, whatever became of the repetition.
fn undo(run: &Run, entry: &Entry) -> Option<Effect> {
    if entry.tries == 1 && matches!(entry.outcome, Some(Outcome::Failed { maybe_happened: false, .. })) {
        return None;
    }
    match &entry.effect {
        Effect::PowerOff | Effect::PowerOn { .. } => end_power(run).map(|to| Effect::RestorePower { to }),
        Effect::AddInspectionNetwork { port } => match &entry.outcome {
            Some(Outcome::Done(Receipt::Vif(None))) => None,
            Some(Outcome::Done(Receipt::Vif(vif))) => {
                let vif = vif.as_ref().map(|vif| vif.id.clone());
                Some(Effect::RemoveInspectionNetwork { port: *port, vif })
            }
            _ => Some(Effect::RemoveInspectionNetwork { port: *port, vif: None }),
        },
        Effect::PrepareRamdisk => Some(Effect::CleanUpRamdisk),
        Effect::InsertMedia => Some(Effect::EjectMedia),
        Effect::SetBootDevice { device, .. } => {
            Some(Effect::RestoreBootDevice { ours: *device, former: former_override(run) })
        }
        // A service that ended by itself has nothing to forget; the built-in one has what its run has.
        Effect::StartIntrospection { .. } => {
            let waits = run.snapshot.service == Service::External && !run.service_has_ended;
            waits.then_some(Effect::AbortIntrospection)
        }
        Effect::ReadPower
        | Effect::CreatePortsFromBmc
        | Effect::ValidateInspection
        | Effect::CheckImages
        | Effect::RemoveLeftovers
        | Effect::AwaitPortsActive
        | Effect::FetchData
        | Effect::ProcessBody { .. }
        | Effect::SetPower { .. }
        | Effect::AbortIntrospection
        | Effect::RestorePower { .. }
        | Effect::EjectMedia
        | Effect::RestoreBootDevice { .. }
        | Effect::CleanUpRamdisk
        | Effect::RemoveInspectionNetwork { .. } => None,
    }
}

/// The place of an undo effect in the order.
pub(super) const fn rank(effect: &Effect) -> u8 {
    match effect {
        Effect::AbortIntrospection => 0,
        Effect::RestorePower { to: EndPower::Off } => 1,
        Effect::EjectMedia => 2,
        Effect::RestoreBootDevice { .. } => 3,
        Effect::CleanUpRamdisk => 4,
        Effect::RemoveInspectionNetwork { .. } => 5,
        _ => 6,
    }
}

/// Where the power has to be: off by default; a success may leave it on; a node that must not be
/// powered off is rebooted out of the ramdisk.
fn end_power(run: &Run) -> Option<EndPower> {
    let facts = &run.snapshot;
    if facts.disable_power_off {
        return Some(EndPower::Reboot);
    }
    let stays_on = run.ending == Some(Ending::Success) && !facts.power_off;
    (!stays_on).then_some(EndPower::Off)
}

fn former_override(run: &Run) -> BootOverride {
    match run.journal.before() {
        Some(Receipt::Before { boot: Some(former), .. }) => former.clone(),
        _ => BootOverride { device: None, persistent: false },
    }
}
