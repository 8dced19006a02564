//! The figures: what is measured, what is promised of it (SPECIFICATION.md, S12), and what was
//! recorded of the peers on a machine like the one that the promises are for.

/// What is measured.
pub struct Figure {
    /// In words.
    pub what: &'static str,
    /// In which unit.
    pub unit: &'static str,
    /// What is promised.
    pub promise: Promise,
    /// What a peer takes, when it is not measured beside us.
    pub peer: Option<Recorded>,
}

/// A bound that a figure must keep.
#[derive(Clone, Copy)]
pub enum Promise {
    /// Nothing is promised.
    Nothing,
    /// Not more.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
}

/// A figure of a peer from an earlier run.
#[derive(Clone, Copy)]
pub struct Recorded {
    /// In the figure's unit.
    pub value: f64,
    /// Whose.
    pub of: &'static str,
}

/// Ironic 39.0 on MariaDB; the API's figures are processor time per request.
const IRONIC_39: &str = "Ironic 39";

const fn figure(what: &'static str, unit: &'static str, promise: Promise) -> Figure {
    Figure { what, unit, promise, peer: None }
}

impl Figure {
    const fn beside(self, value: f64) -> Self {
        Self { peer: Some(Recorded { value, of: IRONIC_39 }), ..self }
    }
}

/// One kind of request: alone, its processor time, and many at the same time.
pub struct Call {
    /// Answered to one client, median.
    pub alone: Figure,
    /// Processor time of the server.
    pub cpu: Figure,
    /// Answered to several clients.
    pub rate: Figure,
}

use Promise::{AtLeast, AtMost, Nothing};

pub const CREATE: Call = Call {
    alone: figure("create a node", "ms", Nothing),
    cpu: figure("create a node, processor", "ms", AtMost(1.88)).beside(18.8),
    rate: figure("create a node, 8 clients", "/s", Nothing),
};
pub const GET: Call = Call {
    alone: figure("get a node", "ms", AtMost(0.3)).beside(9.2),
    cpu: figure("get a node, processor", "ms", AtMost(0.3)).beside(9.2),
    rate: figure("get a node, 8 clients", "/s", Nothing),
};
pub const LIST: Call = Call {
    alone: figure("list 1,000 nodes", "ms", AtMost(9.0)).beside(183.0),
    cpu: figure("list 1,000 nodes, processor", "ms", AtMost(9.0)).beside(183.0),
    rate: figure("list 1,000 nodes, 8 clients", "/s", Nothing),
};
pub const DETAIL: Call = Call {
    alone: figure("list 1,000 nodes in detail", "ms", AtMost(21.0)).beside(424.0),
    cpu: figure("list 1,000 nodes in detail, processor", "ms", AtMost(21.0)).beside(424.0),
    rate: figure("list 1,000 nodes in detail, 8 clients", "/s", Nothing),
};

pub const START: Figure = figure("start to the first answer", "ms", AtMost(200.0));
pub const MEMORY_IDLE: Figure = figure("memory, idle", "MiB", AtMost(100.0));
pub const MEMORY_AFTER_LISTS: Figure = figure("memory after the requests above", "MiB", Nothing);
pub const MEMORY_PEAK: Figure = figure("memory during the inspections, peak", "MiB", AtMost(250.0));
pub const CALLBACK_MEDIAN: Figure = figure("callback answered, median", "ms", Nothing);
pub const CALLBACK_P99: Figure = figure("callback answered, p99", "ms", AtMost(50.0));
/// Kept, answered, and the inventory read and stored: all that comes before the machine is switched off.
pub const CALLBACK_CPU: Figure = figure("callback, processor", "ms", AtMost(2.0));
pub const MANAGEABLE_MEDIAN: Figure = figure("posted to manageable, median", "ms", AtMost(50.0));
pub const MANAGEABLE_P99: Figure = figure("posted to manageable, p99", "ms", Nothing);
pub const INSPECTION_CPU: Figure = figure("inspection, processor", "ms", AtMost(7.7)).beside(230.0);
pub const ISOLATED_ALONE: Figure = figure("isolated inspection, alone, to inspect wait", "s", Nothing);
pub const ISOLATED_MANY: Figure =
    figure("isolated inspections at the same time, the last to inspect wait", "s", Nothing);
pub const ISOLATED_SHARE: Figure = figure("of the time that they take one by one", "%", AtMost(10.0));
pub const ISOLATED_TOKENS: Figure = figure("tokens from Keystone", "in all", AtMost(1.0));
/// The leftovers, each of two ports, and the look whether they are ACTIVE.
pub const ISOLATED_ADD: Figure = figure("calls of Neutron, to inspect wait", "each", AtMost(4.0));
/// One look more than there are ports.
pub const ISOLATED_REMOVE: Figure = figure("calls of Neutron, after the callback", "each", AtMost(3.0));
pub const ISOLATED_CPU: Figure = figure("isolated inspection, processor", "ms", AtMost(50.0));
pub const BOOT_FILES: Figure = figure("boot files over HTTP", "GB/s", Nothing);
pub const BOOT_FILES_CPU: Figure = figure("boot files over HTTP, per core", "GB/s", AtLeast(1.0));
