//! The world goes on, one thing after the other.

use std::collections::BTreeMap;

use assay_core::{
    id::{NodeId, PortId},
    node::{Node, Timestamp},
    power::PowerState,
    provision::ProvisionState,
    run::{Effect, Event, Receipt, RunId, figures::Figures},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use super::{
    Moment, SECOND, Setup,
    conductor::Conductor,
    database::{Database, NodeRow, wall},
    faults::{Fault, Faults},
    judge::{self, Story},
    queue::{Item, Life, Queue, Sender},
    setup::Ramdisk,
    truth::{Landed, Machine},
};

/// From here on nothing goes wrong any more, and nobody wants anything new.
pub(super) const CALM: Moment = 3600 * SECOND;
/// By now everything must have been put right: the longest timeouts, the longest pause between two tries, and a look at what
/// may have landed late.
const END: Moment = CALM + 3 * 3600 * SECOND;
const FREEZE: Moment = 95 * SECOND;
const LIMIT: Moment = 180 * SECOND;
const LATE: Moment = 34 * SECOND;
const DOWN: Moment = 8 * SECOND;

pub struct World {
    pub(super) now: Moment,
    pub(super) queue: Queue,
    pub(super) random: StdRng,
    pub(super) figures: Figures,
    pub(super) faults: Faults,
    pub(super) chaos: bool,
    pub(super) machines: BTreeMap<NodeId, Machine>,
    pub(super) database: Database,
    pub(super) conductors: [Conductor; 2],
    /// The names of the effects that were sent.
    pub(super) sent: Vec<&'static str>,
    pub(super) accepted: u32,
}

/// Plays a world to its end.
///
/// # Errors
/// What was left, or went wrong on the way.
pub fn play(setup: &Setup) -> Result<Story, String> {
    let mut world = World::new(setup);
    while let Some((at, item)) = world.queue.next() {
        if at > END {
            break;
        }
        world.now = at;
        world.happen(item);
    }
    judge::judge(&world)
}

impl World {
    fn new(setup: &Setup) -> Self {
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            random: StdRng::seed_from_u64(setup.seed),
            figures: Figures::default(),
            faults: setup.faults.clone(),
            chaos: setup.chaos,
            machines: BTreeMap::new(),
            database: Database::default(),
            conductors: Default::default(),
            sent: Vec::new(),
            accepted: 0,
        };
        for (place, kind) in (1..).zip(&setup.nodes) {
            let node = NodeId(Uuid::from_u128(place));
            let ports = [1, 2].map(|port| PortId(Uuid::from_u128(place * 100 + port))).to_vec();
            world.machines.insert(node, Machine::new(*kind, ports));
            let blank = Node::blank(node, ProvisionState::Manageable, wall(0));
            world.database.nodes.insert(node, NodeRow { node: blank, holder: None, epoch: 0, until: 0 });
            world.queue.put(SECOND, Item::Client(node));
        }
        world.start(0);
        world.start(1);
        if setup.chaos {
            world.queue.put(20 * SECOND, Item::Chaos);
        }
        world
    }

    /// The time as this conductor has it.
    pub(super) fn wall_of(&self, conductor: usize) -> Timestamp {
        wall(self.now + self.conductors[conductor].clock)
    }

    pub(super) fn life(&self, conductor: usize) -> Life {
        Life { conductor, number: self.conductors[conductor].life }
    }

    fn happen(&mut self, item: Item) {
        if let Some(life) = life_of(&item) {
            let conductor = &self.conductors[life.conductor];
            if !conductor.alive || conductor.life != life.number {
                return;
            }
            if conductor.frozen_until > self.now {
                return self.queue.put(conductor.frozen_until, item);
            }
        }
        match item {
            Item::Tick(life) => self.tick(life),
            Item::Look(life) => self.look(life),
            Item::Work(life, run) => self.work(life, run),
            Item::Renew(life, run, claim) => self.renew(life, run, claim),
            Item::Send(sender, effect) => self.send(sender, &effect),
            Item::Land(node, run, effect, sender, fault) => self.land(node, run, &effect, sender, fault),
            Item::Answer(sender, event, fault) => self.answer(sender, event, fault),
            Item::Post { node, boot, run, tries } => self.post(node, boot, run, tries),
            Item::ServiceEnds(node, run) => self.service_ends(node, run),
            Item::Client(node) => self.client(node),
            Item::Chaos => self.befall(),
            Item::Start(conductor) => self.start(conductor),
        }
    }

    /// An effect's request leaves, and meets its fate.
    fn send(&mut self, sender: Sender, effect: &Effect) {
        let fresh = match self.may_send(&sender) {
            None => return,
            Some(fresh) => fresh,
        };
        if !fresh {
            let error = "the lock is too old".to_owned();
            return self.fails(sender, error, false, 1);
        }
        self.sent.push(effect.name());
        let fault = self.faults.meet(effect, self.now, &mut self.random);
        let Some(node) = self.database.runs.get(&sender.run).map(|row| row.run.node) else { return };
        let land = |waits: Option<Sender>| Item::Land(node, sender.run, effect.clone(), waits, fault);
        match fault {
            Some(Fault::DiesBefore) => self.die(sender.life.conductor),
            Some(Fault::FreezesBefore) => {
                self.conductors[sender.life.conductor].frozen_until = self.now + FREEZE;
                self.queue.put(self.now + FREEZE, Item::Send(sender, effect.clone()));
            }
            Some(Fault::Refused) => self.fails(sender, "refused".to_owned(), false, SECOND),
            Some(Fault::NotDone) => self.fails(sender, "no answer".to_owned(), true, 30 * SECOND),
            Some(Fault::AnswerLost) => {
                self.queue.put(self.now + SECOND, land(None));
                self.fails(sender, "no answer".to_owned(), true, 30 * SECOND);
            }
            Some(Fault::Late) => {
                self.queue.put(self.now + LATE, land(None));
                self.fails(sender, "no answer".to_owned(), true, SECOND);
            }
            Some(Fault::Hangs) => {
                self.queue.put(self.now + SECOND, land(None));
                self.fails(sender, "no end in time".to_owned(), true, LIMIT);
            }
            Some(Fault::Abort) => {
                self.abort(node);
                self.queue.put(self.now + SECOND, land(Some(sender)));
            }
            Some(Fault::Delete) => {
                self.delete(node);
                self.queue.put(self.now + SECOND, land(Some(sender)));
            }
            _ => {
                let takes = if self.chaos { self.random.random_range(50..4000) } else { 500 };
                self.queue.put(self.now + takes, land(Some(sender)));
            }
        }
    }

    fn fails(&mut self, sender: Sender, error: String, maybe_happened: bool, after: Moment) {
        let event = Event::Failed { seq: sender.seq, error, maybe_happened };
        self.queue.put(self.now + after, Item::Answer(sender, event, None));
    }

    fn land(&mut self, node: NodeId, run: RunId, effect: &Effect, sender: Option<Sender>, fault: Option<Fault>) {
        let landed = self.carry_out(node, run, effect);
        let Some(sender) = sender else { return };
        let event = match landed {
            Landed::Done(receipt) => Event::Done { seq: sender.seq, receipt },
            Landed::Refused(error) => Event::Failed { seq: sender.seq, error, maybe_happened: false },
        };
        let conductor = &mut self.conductors[sender.life.conductor];
        match fault {
            Some(Fault::DiesAfter) => return self.die(sender.life.conductor),
            Some(Fault::FreezesAfter) => conductor.frozen_until = self.now + FREEZE,
            Some(Fault::NoDatabase) => conductor.cut_off_until = self.now + 20 * SECOND,
            _ => {}
        }
        self.queue.put(self.now + 1, Item::Answer(sender, event, fault));
    }

    /// What a client has set since the run's end is left alone.
    fn carry_out(&mut self, node: NodeId, run: RunId, effect: &Effect) -> Landed {
        if judge::is_overtaken(&self.database, run, effect) {
            return Landed::Done(Receipt::Overtaken);
        }
        let open = self.database.open();
        let Some(machine) = self.machines.get_mut(&node) else { return Landed::Refused("no such machine".to_owned()) };
        let boots = machine.boots;
        let landed = machine.land(run, effect, &open);
        if machine.boots != boots {
            self.boot(node);
        }
        landed
    }

    fn answer(&mut self, sender: Sender, event: Event, fault: Option<Fault>) {
        let conductor = &mut self.conductors[sender.life.conductor];
        if sender.claim.is_some() {
            let Some(driver) = conductor.driven.get_mut(&sender.run) else { return };
            if driver.claim.as_ref().map(|claim| claim.id) != sender.claim {
                return;
            }
            driver.inbox.push_back(event);
            self.work(sender.life, sender.run);
        } else {
            self.deliver(sender.life, sender.run, event);
        }
        if fault == Some(Fault::DiesAfterCommit) {
            self.die(sender.life.conductor);
        }
    }

    /// A machine that starts boots the ramdisk if its override says so and somebody answers, else its own disk.
    fn boot(&mut self, node: NodeId) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let unmanaged = machine.kind == super::Kind::Unmanaged || machine.kind == super::Kind::Introspection;
        let override_was = if unmanaged { Some(()) } else { machine.boot.map(drop) };
        machine.ramdisk = match self.random.random_range(0..10) {
            0 if self.chaos => Ramdisk::Silent,
            1 if self.chaos => Ramdisk::TooSlow,
            2 if self.chaos => Ramdisk::PostsTwice,
            _ => Ramdisk::Posts,
        };
        let booted = self.database.runs.values().find(|row| {
            let run = &row.run;
            run.node == node && run.snapshot.kind.is_inspection() && run.concluded_at.is_none()
        });
        let (Some(run), Some(())) = (booted.map(|row| row.run.id), override_was) else { return };
        let after = match machine.ramdisk {
            Ramdisk::Silent => return,
            Ramdisk::TooSlow => 1000 * SECOND,
            Ramdisk::Posts | Ramdisk::PostsTwice => 60 * SECOND,
        };
        let boot = machine.boots;
        self.queue.put(self.now + after, Item::Post { node, boot, run, tries: 0 });
    }

    /// The ramdisk posts, to whichever conductor answers; a refusal is final.
    fn post(&mut self, node: NodeId, boot: u32, run: RunId, tries: u32) {
        let Some(machine) = self.machines.get(&node) else { return };
        if machine.boots != boot || machine.power == PowerState::Off || tries > 20 {
            return;
        }
        let twice = machine.ramdisk == Ramdisk::PostsTwice && tries == 0;
        let answers = |it: &usize| {
            let conductor = &self.conductors[*it];
            conductor.alive && conductor.frozen_until <= self.now && conductor.cut_off_until <= self.now
        };
        let Some(conductor) =
            [usize::from(tries % 2 == 1), usize::from(tries.is_multiple_of(2))].into_iter().find(answers)
        else {
            return self.queue.put(self.now + 5 * SECOND, Item::Post { node, boot, run, tries: tries + 1 });
        };
        if self.database.accept(run) {
            self.accepted += 1;
            if let Some(body) = self.database.bodies.get(&run) {
                self.deliver(self.life(conductor), run, Event::Body(*body));
            }
        }
        if twice {
            self.queue.put(self.now + SECOND, Item::Post { node, boot, run, tries: 1 });
        }
    }

    /// An external service has ended; whoever watches tells it, again and again until somebody has heard.
    fn service_ends(&mut self, node: NodeId, run: RunId) {
        let waits = self.database.runs.get(&run).is_some_and(|row| row.run.waits_for_service());
        if !waits {
            return;
        }
        if let Some(machine) = self.machines.get_mut(&node) {
            machine.introspected = false;
        }
        self.queue.put(self.now + 10 * SECOND, Item::ServiceEnds(node, run));
        if let Some(conductor) = [0, 1].into_iter().find(|it| self.conductors[*it].alive) {
            let error = (self.random.random_range(0..10) == 0).then(|| "the ramdisk failed".to_owned());
            self.deliver(self.life(conductor), run, Event::InspectorSays { error });
        }
    }

    /// `kill -9`; it is started again a little later.
    pub(super) fn die(&mut self, conductor: usize) {
        let it = &mut self.conductors[conductor];
        *it = Conductor { life: it.life + 1, clock: it.clock, ..Conductor::default() };
        self.queue.put(self.now + DOWN, Item::Start(conductor));
    }

    /// Starts a conductor, which takes over what its earlier life has left.
    fn start(&mut self, conductor: usize) {
        self.conductors[conductor].alive = true;
        let life = self.life(conductor);
        for run in self.database.free(Some(conductor), self.now) {
            self.deliver(life, run, Event::Claimed);
        }
        self.queue.put(self.now + SECOND, Item::Tick(life));
        self.queue.put(self.now + SECOND, Item::Look(life));
    }
}

const fn life_of(item: &Item) -> Option<Life> {
    match item {
        Item::Tick(life) | Item::Look(life) | Item::Work(life, _) | Item::Renew(life, ..) => Some(*life),
        Item::Send(sender, _) | Item::Answer(sender, ..) => Some(sender.life),
        _ => None,
    }
}
