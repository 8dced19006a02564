//! What must be true when the world has come to rest: promises S1 and S3 to S6, asked of the machines and of Neutron.

use std::collections::BTreeSet;

use assay_core::run::{Effect, Ending, Phase, Run, RunId, RunKind, undo};

use super::{
    Moment, SECOND,
    database::{Database, RunRow},
    world::World,
};

/// What a world has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// How many runs there were.
    pub runs: usize,
    /// The names of the effects that were sent.
    pub effects: BTreeSet<&'static str>,
    /// Posts that were answered well.
    pub accepted: u32,
}

/// Whether a client has set since the run's end what the effect would put back.
pub(super) fn is_overtaken(database: &Database, run: RunId, effect: &Effect) -> bool {
    let Some(row) = database.runs.get(&run).filter(|row| row.run.concluded_at.is_some()) else { return false };
    database
        .runs
        .values()
        .any(|later| later.run.node == row.run.node && undo::is_overtaken(&row.run, effect, &later.run))
}

/// The last word on a world.
pub(super) fn judge(world: &World) -> Result<Story, String> {
    let mut wrongs = world.database.wrongs.clone();
    for row in world.database.runs.values() {
        wrongs.extend(of_run(world, row));
    }
    for (id, machine) in &world.machines {
        let mut says = |is_wrong: bool, text: &str| {
            if is_wrong {
                wrongs.push(format!("node {id} ({:?}): {text}", machine.kind));
            }
        };
        says(!machine.neutron.is_empty(), &format!("S1: ports are left at Neutron: {:?}", machine.neutron));
        says(machine.disc.is_some(), "S1: a disc is left in its drive");
        says(machine.introspected, "S1: the introspection service still waits for it");
        let last =
            world.database.runs.values().rfind(|row| row.run.node == *id && row.run.snapshot.kind.is_inspection());
        for left in last.into_iter().flat_map(|last| left_at_bmc(world, &last.timed())) {
            says(true, &format!("S1: {left}"));
        }
    }
    if !world.database.records.is_empty() {
        wrongs.push(format!("S1: boot records are left: {:?}", world.database.records));
    }
    for (id, row) in &world.database.nodes {
        if row.holder.is_some() {
            wrongs.push(format!("node {id}: its lock is left"));
        }
    }
    if wrongs.is_empty() {
        let effects = world.sent.iter().copied().collect();
        return Ok(Story { runs: world.database.runs.len(), effects, accepted: world.accepted });
    }
    Err(wrongs.join("\n") + &told(world))
}

/// The runs of the world, for whoever looks for the cause.
fn told(world: &World) -> String {
    let mut text = String::new();
    for row in world.database.runs.values() {
        let run = &row.run;
        text += &format!(
            "\n  run {} of node {}, {}, {:?}, {:?}, begun {} s, concluded {:?}",
            run.id.0.as_u128(),
            run.node.0.as_u128(),
            run.snapshot.kind.name(),
            run.phase,
            run.ending,
            row.begun / SECOND,
            run.concluded_at.map(|at| at.timestamp()),
        );
        for entry in run.journal.entries() {
            let ended = entry.finished_at.map(|at| at.timestamp());
            let (name, tries) = (entry.effect.name(), entry.tries);
            let outcome = entry.error().unwrap_or(if entry.is_done() { "done" } else { "under way" });
            text +=
                &format!("\n    {name} from {} to {ended:?}, tries {tries}: {outcome}", entry.started_at.timestamp());
        }
    }
    text
}

fn left_at_bmc(world: &World, run: &Run) -> Vec<String> {
    let later: Vec<Run> = world
        .database
        .runs
        .values()
        .filter(|row| row.run.node == run.node && !matches!(row.run.snapshot.kind, RunKind::Inspect))
        .map(RunRow::timed)
        .collect();
    let unsure =
        |later: &Run| matches!(later.snapshot.kind, RunKind::Power(_)) && later.ending != Some(Ending::Success);
    // A client's own power action that did not end well may have done anything, and half a minute later as well.
    let late = chrono::TimeDelta::seconds(40);
    if later.iter().any(|later| later.created_at + late >= run.created_at && unsure(later)) {
        return Vec::new();
    }
    let Some(machine) = world.machines.get(&run.node) else { return Vec::new() };
    let boot = assay_core::power::BootOverride { device: machine.boot, persistent: false };
    undo::left_behind(run, &later, Some(machine.power), Some(&boot))
}

fn of_run(world: &World, row: &RunRow) -> Vec<String> {
    let run = &row.run;
    let mut wrongs = Vec::new();
    if run.phase != Phase::Ended {
        let owed: Vec<_> = run.debt().iter().map(|entry| entry.effect.name()).collect();
        wrongs.push(format!(
            "S6: run {} has not ended: {:?}, wakes at {:?}, owes {owed:?}",
            run.id, run.phase, row.wake_at
        ));
    }
    let body = world.database.bodies.get(&run.id);
    if run.body.is_some() && run.body.as_ref() != body {
        wrongs.push(format!("S3: run {} worked on another body than the accepted one", run.id));
    }
    if !world.chaos
        && let Some(fixed) = row.fixed
    {
        let facts = &run.snapshot;
        // What is down for a while can fix no outcome: a freeze, a death, and the take-over after them.
        let down: Moment = 300 * SECOND;
        let most = Moment::from(facts.start_timeout) * 2 + Moment::from(facts.wait_timeout) + 60;
        if fixed - row.begun > most * SECOND + down {
            wrongs.push(format!(
                "S6: the outcome of run {} was fixed after {} s",
                run.id,
                (fixed - row.begun) / SECOND
            ));
        }
    }
    wrongs
}
