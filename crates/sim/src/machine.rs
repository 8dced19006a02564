//! One fake machine: what its BMC knows, and what a test may ask about it afterwards.
//!
//! **Invariant:** all that changes is in [`State`], behind one watch channel, so that a test can
//! wait for any of it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use assay_core::{mac::MacAddress, power::PowerState};
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{bmc::Request, ramdisk::Ramdisk};

/// The system id of machine 0; the others follow.
const FIRST_SYSTEM: u128 = 0x5157_0000_0000_4000_8000_0000_0000_0000;

/// A machine: fixed identity, changing [`State`].
pub struct Machine {
    /// Its place in the world, from 0.
    pub index: usize,
    /// Its id among the BMC's systems.
    pub system: Uuid,
    /// Its serial number.
    pub serial: String,
    /// Its NICs; the first one boots.
    pub nics: Vec<MacAddress>,
    pub(crate) state: watch::Sender<State>,
}

/// What a machine is doing and what has been done to it.
#[derive(Clone, Debug)]
pub struct State {
    /// Whether it runs.
    pub power: PowerState,
    /// What its BMC will boot it from.
    pub boot: BootOverride,
    /// The URL of the disc in its virtual drive.
    pub disc: Option<String>,
    /// What its ramdisk will do when it is booted.
    pub ramdisk: Ramdisk,
    /// How many requests of each kind its BMC got.
    pub requests: BTreeMap<Request, u32>,
    /// The requests that were to change something, in their order, refused ones included.
    pub writes: Vec<Request>,
    /// What happened each time that it was switched on.
    pub boots: Vec<Boot>,
    /// Counts the changes of what `GET System` shows.
    pub(crate) version: u64,
    /// Counts the resets, so that a delayed one knows that it was overtaken.
    pub(crate) resets: u64,
}

/// The boot override, in the words of Redfish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootOverride {
    /// `BootSourceOverrideTarget`.
    pub target: String,
    /// `BootSourceOverrideEnabled`.
    pub enabled: String,
    /// `BootSourceOverrideMode`.
    pub mode: String,
}

impl BootOverride {
    /// Whether the next start would be from somewhere else than the disk.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.enabled != "Disabled" && !matches!(self.target.as_str(), "None" | "Hdd")
    }

    /// Whether the next start would be from the network.
    #[must_use]
    pub fn is_network(&self) -> bool {
        self.enabled != "Disabled" && matches!(self.target.as_str(), "Pxe" | "UefiHttp")
    }
}

/// What happened after one power-on.
#[derive(Clone, Debug, Default)]
pub struct Boot {
    /// How far it came.
    pub reached: Vec<Stage>,
    /// The kernel's command line.
    pub kernel_line: Option<String>,
    /// Where the ramdisk was told to report to.
    pub callback: Option<String>,
    /// What the callback answered to each post.
    pub answers: Vec<Answer>,
}

/// The steps of a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Started from the disk; nothing follows.
    Disk,
    /// The first iPXE script.
    Script,
    /// The script for the NIC.
    Config,
    /// The kernel.
    Kernel,
    /// The ramdisk.
    Ramdisk,
    /// The inventory has been posted and answered.
    Posted,
}

/// One answer of the callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The body of the answer, or the error.
    pub body: String,
    /// When the post began.
    pub posted_at: DateTime<Utc>,
    /// How long the answer took.
    pub took: Duration,
}

impl Machine {
    /// A machine that is off and boots from its disk.
    pub(crate) fn new(index: usize, nics: usize, ramdisk: Ramdisk) -> Self {
        let boot = BootOverride { target: "None".into(), enabled: "Disabled".into(), mode: "UEFI".into() };
        let state = State {
            power: PowerState::Off,
            boot,
            disc: None,
            ramdisk,
            requests: BTreeMap::new(),
            writes: Vec::new(),
            boots: Vec::new(),
            version: 1,
            resets: 0,
        };
        Self {
            index,
            system: Uuid::from_u128(FIRST_SYSTEM + index as u128),
            serial: format!("SIM{index:06}"),
            nics: (0..nics).map(|nic| mac(index, nic)).collect(),
            state: watch::Sender::new(state),
        }
    }

    /// Which machine a system id belongs to.
    pub(crate) fn index_of(system: Uuid) -> Option<usize> {
        system.as_u128().checked_sub(FIRST_SYSTEM)?.try_into().ok()
    }

    /// What it is doing now, and what has been done to it.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Changes what its ramdisk will do from the next boot on.
    pub fn load(&self, ramdisk: Ramdisk) {
        self.change(|state| state.ramdisk = ramdisk);
    }

    /// Somebody pulls the plug, or presses the button, behind everybody's back.
    pub fn switch_by_hand(&self, power: PowerState) {
        self.change(|state| state.power = power);
    }

    /// Waits until the state is as wanted.
    ///
    /// # Errors
    /// The deadline has passed; the text shows the state.
    pub async fn wait_for(
        &self,
        what: &str,
        deadline: Duration,
        wanted: impl FnMut(&State) -> bool,
    ) -> anyhow::Result<State> {
        let mut watch = self.state.subscribe();
        let found = tokio::time::timeout(deadline, watch.wait_for(wanted)).await;
        match found {
            Ok(state) => Ok(state.context("the machine is gone")?.clone()),
            Err(_) => anyhow::bail!("machine {}: no {what} within {deadline:?}: {:?}", self.index, self.state()),
        }
    }

    pub(crate) fn change(&self, act: impl FnOnce(&mut State)) {
        self.state.send_modify(act);
    }

    pub(crate) fn count(&self, request: Request) {
        self.change(|state| {
            *state.requests.entry(request).or_default() += 1;
            if request.is_write() {
                state.writes.push(request);
            }
        });
    }

    pub(crate) fn reached(&self, stage: Stage) {
        self.with_boot(|boot| boot.reached.push(stage));
    }

    pub(crate) fn with_boot(&self, act: impl FnOnce(&mut Boot)) {
        self.change(|state| {
            if let Some(boot) = state.boots.last_mut() {
                act(boot);
            }
        });
    }
}

/// Locally administered, and different for every NIC of the world.
fn mac(machine: usize, nic: usize) -> MacAddress {
    let [.., a, b, c] = machine.to_be_bytes();
    let [.., nic] = nic.to_be_bytes();
    MacAddress([0x52, 0x54, nic, a, b, c])
}
