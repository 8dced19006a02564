//! What is going to happen, in its order.

use std::collections::BTreeMap;

use assay_core::{
    id::NodeId,
    run::{Effect, Event, RunId, Seq},
};

use super::{Moment, faults::Fault};

/// A life of a conductor: what was meant for an earlier one is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub conductor: usize,
    pub number: u32,
}

/// One that waits for an effect's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub life: Life,
    pub run: RunId,
    /// The claim under which it was sent; `None`: without the node's lock.
    pub claim: Option<u64>,
    pub seq: Seq,
    /// When it was journalled.
    pub since: Moment,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Item {
    /// A conductor looks for what is due.
    Tick(Life),
    /// A conductor looks for abandoned locks, and for runs that nobody owns.
    Look(Life),
    /// A conductor goes on with a run.
    Work(Life, RunId),
    /// A conductor renews a lease.
    Renew(Life, RunId, u64),
    /// An effect's request leaves.
    Send(Sender, Effect),
    /// A request is carried out.
    Land(NodeId, RunId, Effect, Option<Sender>, Option<Fault>),
    /// The answer to a request.
    Answer(Sender, Event, Option<Fault>),
    /// A machine that was switched on posts, if it booted a ramdisk.
    Post {
        node: NodeId,
        boot: u32,
        run: RunId,
        tries: u32,
    },
    /// An external service tells that it has ended.
    ServiceEnds(NodeId, RunId),
    /// A client wants something of a node.
    Client(NodeId),
    /// Something befalls a conductor.
    Chaos,
    Start(usize),
}

/// The future.
#[derive(Default)]
pub struct Queue {
    items: BTreeMap<(Moment, u64), Item>,
    count: u64,
}

impl Queue {
    pub fn put(&mut self, at: Moment, item: Item) {
        self.count += 1;
        self.items.insert((at, self.count), item);
    }

    pub fn next(&mut self) -> Option<(Moment, Item)> {
        self.items.pop_first().map(|((at, _), item)| (at, item))
    }
}
