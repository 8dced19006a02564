//! What clients want, and what befalls the conductors.

use assay_core::{
    id::NodeId,
    power::PowerTarget,
    provision::ProvisionState,
    run::{Event, Run, RunId, RunKind, Snapshot, step},
};
use rand::Rng as _;
use uuid::Uuid;

use super::{
    Moment, SECOND,
    database::RunRow,
    queue::{Item, Life},
    world::{CALM, World},
};

impl World {
    /// A client looks at a node, and does what it came for: in a world with a script, one inspection.
    pub(super) fn client(&mut self, node: NodeId) {
        if !self.chaos {
            return self.inspect(node);
        }
        if self.now > CALM {
            return;
        }
        match self.random.random_range(0..12) {
            0..=5 => self.inspect(node),
            6 => self.abort(node),
            7 => self.power(node, PowerTarget::On),
            8 => self.power(node, PowerTarget::Off),
            9 if self.random.random_range(0..6) == 0 => self.delete(node),
            _ => {}
        }
        let pause = self.random.random_range(5 * SECOND..400 * SECOND);
        self.queue.put(self.now + pause, Item::Client(node));
    }

    /// A conductor that answers now.
    fn reachable(&self) -> Option<Life> {
        let answers = |it: &usize| {
            let conductor = &self.conductors[*it];
            conductor.alive && conductor.frozen_until <= self.now && conductor.cut_off_until <= self.now
        };
        [0, 1].into_iter().find(answers).map(|it| self.life(it))
    }

    fn inspect(&mut self, node: NodeId) {
        let Some(kind) = self.machines.get(&node).map(|machine| machine.kind) else { return };
        let rests = self.database.nodes.get(&node).is_some_and(|row| {
            let state = row.node.provision_state;
            row.holder.is_none() && matches!(state, ProvisionState::Manageable | ProvisionState::InspectFailed)
        });
        if rests && self.database.open_of_node(node).is_none() {
            self.begin(node, kind.snapshot());
        }
    }

    fn power(&mut self, node: NodeId, target: PowerTarget) {
        let snapshot = match self.machines.get(&node) {
            Some(machine) => Snapshot { kind: RunKind::Power(target), ..machine.kind.snapshot() },
            None => return,
        };
        let forbidden = snapshot.disable_power_off && target == PowerTarget::Off;
        let free = self.database.nodes.get(&node).is_some_and(|row| row.holder.is_none());
        let idle = self.database.open_of_node(node).is_none();
        if free && idle && !forbidden {
            self.begin(node, snapshot);
        }
    }

    fn begin(&mut self, node: NodeId, snapshot: Snapshot) {
        let Some(life) = self.reachable() else { return };
        let at = self.wall_of(life.conductor);
        let number = u128::try_from(self.database.runs.len()).unwrap_or_default() + 1000;
        let run = Run::new(RunId(Uuid::from_u128(number)), node, snapshot, at);
        let output = step(run, Event::Requested, at, &self.figures);
        if let Some(row) = self.database.nodes.get_mut(&node) {
            for write in &output.writes {
                if let Err(refused) = write.apply(&mut row.node, at) {
                    self.database.wrongs.push(refused.to_string());
                }
            }
        }
        let (id, wake_at) = (output.run.id, output.run.wake_at);
        self.database
            .runs
            .insert(id, RunRow { run: output.run, version: 1, wake_at, begun: self.now, fixed: None, concluded: None });
        self.deliver(life, id, Event::Claimed);
    }

    pub(super) fn abort(&mut self, node: NodeId) {
        let waiting = self.database.open_of_node(node).filter(|row| row.run.rests()).map(|row| row.run.id);
        if let (Some(run), Some(life)) = (waiting, self.reachable()) {
            self.deliver(life, run, Event::Abort);
        }
    }

    /// In maintenance, a node goes whatever goes on at it.
    pub(super) fn delete(&mut self, node: NodeId) {
        let Some(life) = self.reachable() else { return };
        if self.database.nodes.remove(&node).is_none() {
            return;
        }
        let at = self.wall_of(life.conductor);
        let mut open: Vec<RunId> = Vec::new();
        for row in self.database.runs.values_mut().filter(|row| row.run.node == node) {
            if row.run.phase != assay_core::run::Phase::Ended {
                row.wake_at = Some(at);
                open.push(row.run.id);
            }
        }
        for run in open {
            self.deliver(life, run, Event::NodeDeleted);
        }
    }

    /// One more mishap of a conductor.
    pub(super) fn befall(&mut self) {
        if self.now > CALM {
            self.conductors.iter_mut().for_each(|conductor| conductor.clock = 0);
            return;
        }
        let conductor = self.random.random_range(0..2);
        let long: Moment = self.random.random_range(SECOND..150 * SECOND);
        let it = &mut self.conductors[conductor];
        match self.random.random_range(0..5) {
            0 if it.alive => self.die(conductor),
            1 => it.frozen_until = self.now + long,
            2 => it.cut_off_until = self.now + long,
            3 => it.clock = self.random.random_range(-SECOND..SECOND),
            _ => {}
        }
        let pause = self.random.random_range(20 * SECOND..600 * SECOND);
        self.queue.put(self.now + pause, Item::Chaos);
    }
}
