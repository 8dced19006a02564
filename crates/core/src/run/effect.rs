//! The effects: everything that a run may do to the world, and what comes back from it.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{Vif, VifId};
use crate::{
    boot::BootRecord,
    id::{BodyId, PortId},
    power::{BootDevice, BootOverride, PowerState, PowerTarget},
};

/// One effect on the world. Each can be repeated without harm: after a crash the next owner does
/// it again, and it first looks whether it has already happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Ask the BMC for power state and boot override, before anything is changed.
    ReadPower,
    /// Make ports from the BMC's list of MAC addresses.
    CreatePortsFromBmc,
    /// `network.validate_inspection`, then `boot.validate_inspection`.
    ValidateInspection,
    /// Bring kernel and ramdisk into the image cache.
    CheckImages,
    /// Power off.
    PowerOff,
    /// Remove what an earlier run left on the node's NICs at Neutron.
    RemoveLeftovers,
    /// Put one port on the inspection network.
    AddInspectionNetwork {
        /// The port of the node.
        port: PortId,
    },
    /// Wait until the switch has moved every port that was put on the inspection network.
    AwaitPortsActive,
    /// Make the boot listeners answer the node's NICs.
    PrepareRamdisk,
    /// Put the node's disc into the virtual drive of its BMC.
    InsertMedia,
    /// Tell the BMC what to boot from, once.
    SetBootDevice {
        /// The device.
        device: BootDevice,
        /// Whether it stays after one boot.
        persistent: bool,
    },
    /// Tell the introspection service that data will come.
    StartIntrospection {
        /// Whether the service is to boot the node itself.
        manage_boot: bool,
    },
    /// Power on; a reboot where the node must not be powered off.
    PowerOn {
        /// Off and on again.
        reboot: bool,
    },
    /// Fetch what the introspection service has found, and store it.
    FetchData,
    /// Run the hooks on the accepted body and store what they say.
    ProcessBody {
        /// The body.
        body: BodyId,
    },
    /// A client's power action.
    SetPower {
        /// What was asked for.
        target: PowerTarget,
    },
    /// Undo only: tell the introspection service to forget the node.
    AbortIntrospection,
    /// Undo only: bring the power to where policy wants it.
    RestorePower {
        /// Where to.
        to: EndPower,
    },
    /// Undo only: take the node's disc out again, once the machine is off.
    EjectMedia,
    /// Undo only: take our boot device back, if the BMC still holds it.
    RestoreBootDevice {
        /// What we set.
        ours: BootDevice,
        /// What the BMC held before.
        former: BootOverride,
    },
    /// Undo only: the boot listeners forget the node.
    CleanUpRamdisk,
    /// Undo only: take one port off the inspection network.
    RemoveInspectionNetwork {
        /// The port of the node.
        port: PortId,
        /// The Neutron port that was made; unknown when the answer to its making was lost, and
        /// then it is found by its name.
        vif: Option<VifId>,
    },
}

/// The power policy at the end of a run; it never brings back an earlier power state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndPower {
    /// Off, before anything else is taken away from a running ramdisk.
    Off,
    /// One reboot, after everything else: the node must never be powered off.
    Reboot,
}

impl Effect {
    /// The variant's name, as in the journal, the logs and the names of pause points.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReadPower => "ReadPower",
            Self::CreatePortsFromBmc => "CreatePortsFromBmc",
            Self::ValidateInspection => "ValidateInspection",
            Self::CheckImages => "CheckImages",
            Self::PowerOff => "PowerOff",
            Self::RemoveLeftovers => "RemoveLeftovers",
            Self::AddInspectionNetwork { .. } => "AddInspectionNetwork",
            Self::AwaitPortsActive => "AwaitPortsActive",
            Self::PrepareRamdisk => "PrepareRamdisk",
            Self::InsertMedia => "InsertMedia",
            Self::EjectMedia => "EjectMedia",
            Self::SetBootDevice { .. } => "SetBootDevice",
            Self::StartIntrospection { .. } => "StartIntrospection",
            Self::PowerOn { .. } => "PowerOn",
            Self::FetchData => "FetchData",
            Self::ProcessBody { .. } => "ProcessBody",
            Self::SetPower { .. } => "SetPower",
            Self::AbortIntrospection => "AbortIntrospection",
            Self::RestorePower { .. } => "RestorePower",
            Self::RestoreBootDevice { .. } => "RestoreBootDevice",
            Self::CleanUpRamdisk => "CleanUpRamdisk",
            Self::RemoveInspectionNetwork { .. } => "RemoveInspectionNetwork",
        }
    }

    /// Whether it leaves nothing in the world that a new owner would have to know of: who does it anew, from a journal
    /// that has never heard of it, comes to the same.
    #[must_use]
    pub const fn leaves_nothing(&self) -> bool {
        matches!(
            self,
            Self::ReadPower
                | Self::CreatePortsFromBmc
                | Self::ValidateInspection
                | Self::CheckImages
                | Self::AwaitPortsActive
                | Self::ProcessBody { .. }
        )
    }

    /// Whether a request of this effect may still land after its sender has given up on it, or is
    /// dead, and would then leave something behind.
    #[must_use]
    pub const fn can_land_late(&self) -> bool {
        matches!(
            self,
            Self::AddInspectionNetwork { .. }
                | Self::PowerOn { .. }
                | Self::InsertMedia
                | Self::SetBootDevice { .. }
                | Self::StartIntrospection { .. }
        )
    }
}

impl fmt::Display for Effect {
    /// The words of the timeline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadPower => f.write_str("ask the BMC for its state"),
            Self::CreatePortsFromBmc => f.write_str("create ports from the BMC"),
            Self::ValidateInspection => f.write_str("validate network and boot"),
            Self::CheckImages => f.write_str("fetch kernel and ramdisk"),
            Self::PowerOff => f.write_str("power off"),
            Self::RemoveLeftovers => f.write_str("look for ports of earlier runs"),
            Self::AwaitPortsActive => f.write_str("wait for the switch ports"),
            Self::AddInspectionNetwork { port } => write!(f, "add port {port} to the inspection network"),
            Self::PrepareRamdisk => f.write_str("prepare the boot"),
            Self::InsertMedia => f.write_str("insert the disc"),
            Self::EjectMedia => f.write_str("clean up: eject the disc"),
            Self::SetBootDevice { device, .. } => write!(f, "set the boot device to {device}"),
            Self::StartIntrospection { .. } => f.write_str("start the introspection"),
            Self::PowerOn { reboot: false } => f.write_str("power on"),
            Self::PowerOn { reboot: true } | Self::RestorePower { to: EndPower::Reboot } => f.write_str("reboot"),
            Self::FetchData => f.write_str("fetch what the introspection found"),
            Self::ProcessBody { .. } => f.write_str("run the hooks"),
            Self::SetPower { target } => write!(f, "set the power to '{target}'"),
            Self::AbortIntrospection => f.write_str("abort the introspection"),
            Self::RestorePower { to: EndPower::Off } => f.write_str("clean up: power off"),
            Self::RestoreBootDevice { .. } => f.write_str("clean up: restore the boot device"),
            Self::CleanUpRamdisk => f.write_str("clean up: forget the boot"),
            Self::RemoveInspectionNetwork { port, .. } => {
                write!(f, "clean up: remove port {port} from the inspection network")
            }
        }
    }
}

/// What an effect brought back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipt {
    /// Nothing but success.
    Done,
    /// Nothing was done: what a client has set since the run's end stays.
    Overtaken,
    /// What the BMC held before the run changed anything.
    Before {
        /// The power state.
        power: PowerState,
        /// The boot override, where the BMC tells it.
        boot: Option<BootOverride>,
        /// Whether the BMC says that it can't be told to boot from what the run wants.
        #[serde(default)]
        lacks_device: bool,
    },
    /// How many ports were made.
    PortsCreated(usize),
    /// What the two `validate_inspection` said.
    Validated(Validation),
    /// The Neutron port that was made, if the network interface makes any.
    Vif(Option<Vif>),
    /// Ports of earlier runs that were removed.
    LeftoversRemoved(usize),
    /// The addresses by which the introspection service will know the node's BMC again.
    Introspected {
        /// As they were resolved when the introspection started.
        bmc_addresses: Vec<IpAddr>,
    },
    /// What the boot listeners answer from now on.
    Boot(Box<BootRecord>),
    /// What the hooks want the operator to know.
    Processed {
        /// One sentence each.
        warnings: Vec<String>,
    },
}

/// The answers of the two `validate_inspection`, and the ports that would be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// The network interface's.
    pub network: Verdict,
    /// The boot interface's.
    pub boot: Verdict,
    /// The ports to be moved, in their order.
    pub ports: Vec<PortId>,
    /// The ports that would be moved but for what they lack, one sentence each.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// One interface's answer; any other error fails the effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It can.
    Ok,
    /// `UnsupportedDriverExtension`: fall back to the old approach.
    Unsupported(String),
}
