//! The run engine: how an inspection cannot be lost.
//!
//! A [`Run`] is a plan, a program counter and a journal. [`step`](step::step) takes an event and
//! says which effects are to happen next; whoever owns the run commits that and only then lets
//! them happen. After a crash the next owner reads the same journal and goes on.
//!
//! **Invariant:** an effect is in the journal before it leaves anything in the world, and undo reads
//! the journal, never today's ports or today's configuration.

pub mod conclude;
pub mod effect;
mod event;
pub mod figures;
pub mod introspection;
pub mod journal;
pub mod mark;
mod news;
pub mod plan;
pub mod queue;
pub mod step;
#[cfg(test)]
mod tests;
pub mod undo;
pub mod write;

use std::{fmt, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

pub use crate::id::RunId;
pub use effect::{Effect, EndPower, Receipt, Validation, Verdict};
pub use event::{Event, Output};
pub use journal::{Entry, Journal, Outcome, Seq};
pub use mark::Mark;
pub use step::step;
pub use write::NodeWrite;

use crate::{
    boot::BootRecord,
    id::{BodyId, NodeId, PortId},
    mac::MacAddress,
    node::Timestamp,
    power::{BootDevice, PowerTarget},
};

/// The id of a Neutron port that an inspection made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VifId(pub String);

impl fmt::Display for VifId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Neutron port that an inspection made for one of the node's NICs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vif {
    /// Its id.
    pub id: VifId,
    /// The NIC.
    pub mac: MacAddress,
    /// The addresses that its network's DHCP gives to the NIC.
    pub addresses: Vec<IpAddr>,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// An inspection.
    Inspect,
    /// An inspection that was started at the introspection API: it leaves the node's provision
    /// state and its networks alone.
    Introspect {
        /// The node's boot device and power are switched; otherwise somebody else boots it.
        manage_boot: bool,
    },
    /// `enroll` → `manageable`: are the BMC's address and credentials right?
    Verify,
    /// A power action.
    Power(PowerTarget),
    /// A new boot device.
    BootDevice {
        /// Which one.
        device: BootDevice,
        /// Whether it stays after one boot.
        persistent: bool,
    },
}

impl RunKind {
    /// The names of what clients ask for beside inspections: power actions and boot devices.
    pub const OF_CLIENTS: [&str; 2] = ["power", "boot_device"];

    /// The name in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Introspect { .. } => "introspect",
            Self::Verify => "verify",
            Self::Power(_) => "power",
            Self::BootDevice { .. } => "boot_device",
        }
    }

    /// Whether at most one such run may be open for a node: an inspection that waits still lets
    /// an external inspector switch power and set the boot device.
    #[must_use]
    pub const fn is_exclusive(self) -> bool {
        self.is_inspection() || matches!(self, Self::Verify)
    }

    /// Whether a ramdisk's body is what it is after.
    #[must_use]
    pub const fn is_inspection(self) -> bool {
        matches!(self, Self::Inspect | Self::Introspect { .. })
    }
}

/// What was known and decided when the run was requested. Later changes of the node or of the
/// configuration do not reach a run that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What the run is for.
    pub kind: RunKind,
    /// A ramdisk is booted; otherwise the inspection ends at once.
    pub in_band: bool,
    /// Ports are made from the BMC's MAC addresses first.
    pub pre_create_ports: bool,
    /// Unmanaged inspection is refused instead of being fallen back to.
    pub require_managed_boot: bool,
    /// The introspection service that has to be told.
    pub service: Service,
    /// `[inspector] power_off`: the node is off after a success, too.
    pub power_off: bool,
    /// The node's flag: it is never powered off, but rebooted.
    pub disable_power_off: bool,
    /// The ramdisk comes on a disc that the BMC is given.
    pub virtual_media: bool,
    /// The device that the node boots the ramdisk from, once.
    pub boot_device: Option<BootDevice>,
    /// How long the client gives a power action, in seconds.
    pub power_timeout: Option<u32>,
    /// Bound of the time until the node waits for the ramdisk, in seconds.
    pub start_timeout: u32,
    /// Bound of the time that it waits, in seconds.
    pub wait_timeout: u32,
    /// After how many seconds without a sign of life the machine is booted again; `None`: never.
    #[serde(default)]
    pub boot_retry: Option<u32>,
}

/// The introspection service behind an inspect interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// None: the ramdisk posts to the bare metal API (`agent`).
    None,
    /// The one in this process.
    BuiltIn,
    /// Another process, such as ironic-inspector: the ramdisk posts to it, and its hooks do the work.
    External,
}

impl Snapshot {
    /// How long the client gives a power action.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        self.power_timeout.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for its turn; nothing was done yet.
    Queue,
    /// The steps before the ramdisk runs.
    Start,
    /// Nobody owns the run; whoever has an event for it claims it.
    Wait,
    /// The steps after the ramdisk has posted.
    Work,
    /// The outcome is fixed; what was done is being undone.
    Undo,
    /// The node is in its final state; something is still owed or looked at once more.
    Settle,
    /// Nothing is left to do.
    Ended,
}

impl Phase {
    /// The text in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Start => "start",
            Self::Wait => "wait",
            Self::Work => "work",
            Self::Undo => "undo",
            Self::Settle => "settle",
            Self::Ended => "ended",
        }
    }
}

/// How a run ended; fixed before the first undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how", content = "why")]
pub enum Ending {
    /// All steps were taken.
    Success,
    /// A step failed; the text goes to `last_error`.
    Failed(String),
    /// A client asked for the end.
    Aborted,
    /// A deadline has passed; the text says what was last seen.
    TimedOut(String),
    /// The node is gone; undo goes on from the run's own copy of it.
    NodeDeleted,
}

/// Who manages the boot of the ramdisk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootManager {
    /// The conductor: network and boot interface both can.
    Conductor,
    /// Somebody else: the old approach, and why.
    Other(String),
}

/// One run of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id, also in the callback URL.
    pub id: RunId,
    /// The node.
    pub node: NodeId,
    /// What it was requested with.
    pub snapshot: Snapshot,
    /// Where it is.
    pub phase: Phase,
    /// How many steps of the plan were taken.
    pub taken: usize,
    /// Everything that was done to the world.
    pub journal: Journal,
    /// Decided once, from the two `validate_inspection`.
    pub boot_manager: Option<BootManager>,
    /// The ports that are moved, as the validation saw them.
    pub ports: Vec<PortId>,
    /// The body that was accepted.
    pub body: Option<BodyId>,
    /// The external introspection service has said how its part ended.
    #[serde(default)]
    pub service_has_ended: bool,
    /// How it ended.
    pub ending: Option<Ending>,
    /// The undo effects of the present pass that have not been started yet, in their order.
    pub to_undo: Vec<Effect>,
    /// Effects that may land late have been looked at again.
    pub rechecked: bool,
    /// When the run was requested.
    pub created_at: Timestamp,
    /// When the node reached its final state.
    pub concluded_at: Option<Timestamp>,
    /// When somebody must look at the run although nothing has happened.
    pub wake_at: Option<Timestamp>,
    /// The deadline of a wait that is looked at before.
    #[serde(default)]
    pub waits_until: Option<Timestamp>,
    /// How often the machine was booted again, since it showed no sign of life.
    #[serde(default)]
    pub boots_again: u32,
}

impl Run {
    /// A run that has not been requested yet: its first event is [`Event::Requested`].
    #[must_use]
    pub fn new(id: RunId, node: NodeId, snapshot: Snapshot, now: Timestamp) -> Self {
        Self {
            id,
            node,
            snapshot,
            phase: Phase::Start,
            taken: 0,
            journal: Journal::default(),
            boot_manager: None,
            ports: Vec::new(),
            body: None,
            service_has_ended: false,
            ending: None,
            to_undo: Vec::new(),
            rechecked: false,
            created_at: now,
            concluded_at: None,
            wake_at: None,
            waits_until: None,
            boots_again: 0,
        }
    }

    /// Whether the conductor manages the boot of this run.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        self.boot_manager == Some(BootManager::Conductor)
    }

    /// The Neutron ports that were made for this run.
    pub fn vifs(&self) -> impl Iterator<Item = &Vif> {
        self.journal.receipts().filter_map(|receipt| match receipt {
            Receipt::Vif(vif) => vif.as_ref(),
            _ => None,
        })
    }

    /// How many of them are still there, as far as the journal tells.
    #[must_use]
    pub fn ports_held(&self) -> usize {
        let removed =
            |entry: &&Entry| entry.is_done() && matches!(entry.effect, Effect::RemoveInspectionNetwork { .. });
        self.vifs().count().saturating_sub(self.journal.entries().filter(removed).count())
    }

    /// How far it came before its end: not yet waiting for the ramdisk, waiting, or past that.
    #[must_use]
    pub fn reached(&self) -> Phase {
        let taken = &plan::plan(self)[..self.taken];
        let waited = self.boots_again > 0 || taken.contains(&plan::Step::Wait);
        match (self.body.is_some() || self.service_has_ended, waited) {
            (true, _) => Phase::Work,
            (false, true) => Phase::Wait,
            (false, false) => Phase::Start,
        }
    }

    /// What the boot listeners answer for this run now: from the end of `PrepareRamdisk` until
    /// `CleanUpRamdisk` has ended.
    #[must_use]
    pub fn boots_from(&self) -> Option<&BootRecord> {
        if self.journal.entries().any(|entry| entry.effect == Effect::CleanUpRamdisk && entry.is_done()) {
            return None;
        }
        self.journal.receipts().find_map(|receipt| match receipt {
            Receipt::Boot(record) => Some(&**record),
            _ => None,
        })
    }

    /// Whether nobody owns it and a client can end it: it waits for its turn, or for the ramdisk.
    #[must_use]
    pub const fn rests(&self) -> bool {
        matches!(self.phase, Phase::Queue | Phase::Wait)
    }

    /// Whether it counts against the cap on inspections in flight.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        self.snapshot.kind.is_inspection()
            && matches!(self.phase, Phase::Start | Phase::Wait | Phase::Work | Phase::Undo)
    }

    /// Whether a body that is posted now can still be the run's.
    #[must_use]
    pub fn accepts_body(&self) -> bool {
        self.snapshot.kind.is_inspection()
            && self.snapshot.service != Service::External
            && self.ending.is_none()
            && self.body.is_none()
            && matches!(self.phase, Phase::Start | Phase::Wait)
    }

    /// Whether it waits for what an external introspection service says.
    #[must_use]
    pub fn waits_for_service(&self) -> bool {
        self.phase == Phase::Wait && self.snapshot.service == Service::External && self.ending.is_none()
    }

    /// Whether a body without the run's secret can be the run's: its ramdisk is booted by somebody
    /// who does not know the secret.
    #[must_use]
    pub fn accepts_plain_body(&self) -> bool {
        let boots_unmanaged = matches!(self.boot_manager, Some(BootManager::Other(_)));
        self.accepts_body() && (boots_unmanaged || matches!(self.snapshot.kind, RunKind::Introspect { .. }))
    }

    /// What is still owed after the run's end: undo effects that have not succeeded.
    #[must_use]
    pub fn debt(&self) -> Vec<&Entry> {
        if self.phase != Phase::Settle {
            return Vec::new();
        }
        self.journal.entries().filter(|entry| entry.undo && !entry.is_done()).collect()
    }
}
