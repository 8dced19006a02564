//! A conductor: it claims a run, steps it, commits, sends, and goes on with what comes back, as `server::conductor::drive` does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use assay_core::{
    id::NodeId,
    run::{Event, Output, Phase, RunId, step},
};

use super::{
    Moment, SECOND,
    database::{Claim, Claimed, Commit, millis, record},
    queue::{Item, Life, Sender},
    world::World,
};

/// What a conductor has in its memory.
#[derive(Default)]
pub struct Conductor {
    pub life: u32,
    pub alive: bool,
    pub frozen_until: Moment,
    pub cut_off_until: Moment,
    /// How far its time is from that of the database, which it reads now and then.
    pub clock: Moment,
    pub driven: BTreeMap<RunId, Driver>,
    /// Runs of which an effect is under way without the node's lock.
    pub unlocked: BTreeSet<RunId>,
    pub adrift: BTreeSet<RunId>,
}

/// One run in the hands of a conductor.
#[derive(Default)]
pub struct Driver {
    pub claim: Option<Claim>,
    pub inbox: VecDeque<Event>,
}

/// How long until a run is taken up again whose commit failed, or whose node is locked.
const AGAIN: Moment = 5 * SECOND;
const LOCKED: Moment = SECOND;

impl World {
    /// Brings an event to a run, which this conductor drives from now on.
    pub(super) fn deliver(&mut self, life: Life, run: RunId, event: Event) {
        let driver = self.conductors[life.conductor].driven.entry(run).or_default();
        // From outside it only wakes the run.
        if event != Event::Claimed {
            driver.inbox.push_back(event);
        }
        self.queue.put(self.now + 1, Item::Work(life, run));
    }

    /// Goes on with a run until it rests or something is under way.
    pub(super) fn work(&mut self, life: Life, id: RunId) {
        let conductor = &mut self.conductors[life.conductor];
        let Some(driver) = conductor.driven.get_mut(&id) else { return };
        if conductor.cut_off_until > self.now {
            give_up(driver);
            return self.queue.put(self.now + AGAIN, Item::Work(life, id));
        }
        if driver.claim.is_none() {
            match self.database.claim(life.conductor, id, self.now, &self.figures) {
                Claimed::Ours(claim) => self.take_up(life, *claim),
                Claimed::Locked => return self.queue.put(self.now + LOCKED, Item::Work(life, id)),
                Claimed::Gone => return drop(self.conductors[life.conductor].driven.remove(&id)),
            }
        }
        while let Some(event) = self.next_event(life, id) {
            if !self.take(life, id, &event) {
                return;
            }
        }
        self.rest(life, id);
    }

    fn take_up(&mut self, life: Life, claim: Claim) {
        let conductor = &mut self.conductors[life.conductor];
        let id = claim.run.id;
        let unlocked = claim.run.phase == Phase::Wait && conductor.unlocked.contains(&id);
        self.queue.put(self.now + millis(self.figures.renew), Item::Renew(life, id, claim.id));
        let Some(driver) = conductor.driven.get_mut(&id) else { return };
        if let Some(body) = self.database.bodies.get(&id).filter(|_| claim.run.phase == Phase::Wait) {
            driver.inbox.push_front(Event::Body(*body));
        }
        if claim.run.journal.under_way().next().is_some() && !unlocked {
            driver.inbox.push_front(Event::Claimed);
        }
        if claim.epoch.is_none() {
            driver.inbox.push_front(Event::NodeDeleted);
        }
        driver.claim = Some(claim);
    }

    /// The next event; a body that came while the run was not waiting is one as well.
    fn next_event(&mut self, life: Life, id: RunId) -> Option<Event> {
        let driver = self.conductors[life.conductor].driven.get_mut(&id)?;
        let event = driver.inbox.pop_front();
        let claim = driver.claim.as_ref()?;
        let is_idle = claim.run.journal.under_way().next().is_none();
        let posted = || self.database.bodies.get(&id).map(|body| Event::Body(*body));
        event.or_else(|| (is_idle && claim.run.phase == Phase::Wait).then(posted).flatten())
    }

    /// One step: computed, committed, and only then carried out. `false`: the claim is lost.
    fn take(&mut self, life: Life, id: RunId, event: &Event) -> bool {
        let at = self.wall_of(life.conductor);
        let Some(driver) = self.conductors[life.conductor].driven.get_mut(&id) else { return false };
        let Some(claim) = &mut driver.claim else { return false };
        let output = step(claim.run.clone(), event.clone(), at, &self.figures);
        let was = claim.run.phase;
        claim.unstored.writes.extend(output.writes.iter().cloned());
        claim.unstored.record = record(event, &output.run).or(claim.unstored.record);
        let committed = if output.can_be_stored_later(was, event) {
            Commit::Later
        } else {
            self.database.commit(claim, &output.run, self.now, at)
        };
        match committed {
            Commit::Stale => {
                give_up(driver);
                self.queue.put(self.now + AGAIN, Item::Work(life, id));
                return false;
            }
            Commit::Stored | Commit::Later => {}
            Commit::NodeIsGone => {
                claim.epoch = None;
                driver.inbox.push_back(Event::NodeDeleted);
            }
        }
        claim.run = output.run.clone();
        if claim.run.phase != Phase::Wait || claim.run.journal.under_way().next().is_none() {
            self.conductors[life.conductor].unlocked.remove(&id);
        }
        self.let_happen(life, &output);
        self.note_service(&output);
        true
    }

    fn let_happen(&mut self, life: Life, output: &Output) {
        let conductor = &mut self.conductors[life.conductor];
        let Some(claim) = conductor.driven.get(&output.run.id).and_then(|driver| driver.claim.as_ref()) else { return };
        let waits = output.run.phase == Phase::Wait;
        let claim = (!waits).then_some(claim.id);
        if waits && !output.start.is_empty() {
            conductor.unlocked.insert(output.run.id);
        }
        for seq in &output.start {
            if let Some(entry) = output.run.journal.get(*seq) {
                let sender = Sender { life, run: output.run.id, claim, seq: *seq, since: self.now };
                self.queue.put(self.now + 1, Item::Send(sender, entry.effect.clone()));
            }
        }
    }

    /// Releases a run that has nothing under way that needs its lock.
    fn rest(&mut self, life: Life, id: RunId) {
        let conductor = &mut self.conductors[life.conductor];
        let Some(claim) = conductor.driven.get(&id).and_then(|driver| driver.claim.clone()) else { return };
        let is_idle = claim.run.journal.under_way().next().is_none();
        if is_idle || (claim.run.phase == Phase::Wait && conductor.unlocked.contains(&id)) {
            conductor.driven.remove(&id);
            self.database.release(&claim);
        }
    }

    pub(super) fn renew(&mut self, life: Life, id: RunId, claim_id: u64) {
        let conductor = &mut self.conductors[life.conductor];
        let Some(driver) = conductor.driven.get_mut(&id) else { return };
        let Some(claim) = driver.claim.as_mut().filter(|claim| claim.id == claim_id) else { return };
        if conductor.cut_off_until > self.now || !self.database.renew(claim, self.now, &self.figures) {
            give_up(driver);
            return self.queue.put(self.now + AGAIN, Item::Work(life, id));
        }
        self.queue.put(self.now + millis(self.figures.renew), Item::Renew(life, id, claim_id));
    }

    /// Whether a request of this claim may still be sent.
    pub(super) fn may_send(&self, sender: &Sender) -> Option<bool> {
        let Some(wanted) = sender.claim else {
            return Some(self.now <= sender.since + millis(self.figures.sending_unlocked()));
        };
        let driver = self.conductors[sender.life.conductor].driven.get(&sender.run)?;
        let claim = driver.claim.as_ref().filter(|claim| claim.id == wanted)?;
        let under_way = claim.run.journal.get(sender.seq).is_some_and(|entry| entry.outcome.is_none());
        let fresh = claim.epoch.is_none() || self.now <= claim.asked + millis(self.figures.sending());
        under_way.then_some(fresh)
    }

    /// What is due, seen by this conductor's clock.
    pub(super) fn tick(&mut self, life: Life) {
        if self.conductors[life.conductor].cut_off_until <= self.now {
            for run in self.database.due(self.wall_of(life.conductor)) {
                self.deliver(life, run, Event::Deadline { last_sign: None });
            }
        }
        // Nothing is due before: a tick that finds nothing needs not be played.
        let due = self.database.next_due().map_or(Moment::MAX, |due| due.timestamp_millis());
        let clock = self.conductors[life.conductor].clock;
        let next = due.saturating_sub(clock).clamp(self.now + 2 * SECOND, self.now + 10 * SECOND);
        self.queue.put(next, Item::Tick(life));
    }

    /// What others have left.
    pub(super) fn look(&mut self, life: Life) {
        self.queue.put(self.now + millis(self.figures.renew), Item::Look(life));
        if self.conductors[life.conductor].cut_off_until > self.now {
            return;
        }
        for run in self.database.free(None, self.now) {
            self.deliver(life, run, Event::Claimed);
        }
        let adrift = self.database.adrift();
        let before = std::mem::replace(&mut self.conductors[life.conductor].adrift, adrift.clone());
        for run in adrift.intersection(&before) {
            if !self.conductors[life.conductor].driven.contains_key(run) {
                self.deliver(life, *run, Event::Claimed);
            }
        }
        self.sweep();
    }

    /// Ports of runs that are over go, whoever finds them.
    fn sweep(&mut self) {
        let open = self.database.open();
        for machine in self.machines.values_mut() {
            machine.neutron.retain(|port| open.contains(&port.run));
        }
    }

    /// An external service that was told of a node ends by itself after a while.
    fn note_service(&mut self, output: &Output) {
        if output.run.waits_for_service() && output.run.journal.under_way().next().is_none() {
            let (node, run): (NodeId, RunId) = (output.run.node, output.run.id);
            self.queue.put(self.now + 40 * SECOND, Item::ServiceEnds(node, run));
        }
    }
}

/// The claim is lost: what its effects said counts no more, they are done again.
fn give_up(driver: &mut Driver) {
    driver.claim = None;
    driver.inbox.retain(|event| !matches!(event, Event::Done { .. } | Event::Failed { .. }));
}
