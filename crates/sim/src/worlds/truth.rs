//! The machines and the Neutron as they really are, whatever anybody believes.

use std::collections::BTreeSet;

use assay_core::{
    id::PortId,
    mac::MacAddress,
    power::{BootDevice, BootOverride, PowerState},
    run::{Effect, EndPower, Receipt, RunId, Validation, Verdict, Vif, VifId},
};

use super::setup::{Kind, Ramdisk};

/// A Neutron port of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurPort {
    pub vif: u64,
    pub run: RunId,
    pub port: PortId,
}

/// One machine, and what stands for it at Neutron and at an introspection service.
#[derive(Clone, Debug)]
pub struct Machine {
    pub kind: Kind,
    pub ports: Vec<PortId>,
    pub power: PowerState,
    pub boot: Option<BootDevice>,
    pub disc: Option<RunId>,
    pub neutron: Vec<OurPort>,
    /// The service waits for this node.
    pub introspected: bool,
    pub ramdisk: Ramdisk,
    /// Counts the starts of the machine.
    pub boots: u32,
    next_vif: u64,
}

/// What carrying out a request brought.
pub enum Landed {
    Done(Receipt),
    Refused(String),
}

impl Machine {
    pub fn new(kind: Kind, ports: Vec<PortId>) -> Self {
        Self {
            kind,
            ports,
            power: PowerState::Off,
            boot: None,
            disc: None,
            neutron: Vec::new(),
            introspected: false,
            ramdisk: Ramdisk::Posts,
            boots: 0,
            next_vif: 0,
        }
    }

    /// Carries a request of a run out; `open` are the runs that have not ended.
    pub fn land(&mut self, run: RunId, effect: &Effect, open: &BTreeSet<RunId>) -> Landed {
        match effect {
            Effect::ReadPower => {
                let boot = Some(BootOverride { device: self.boot, persistent: false });
                return Landed::Done(Receipt::Before { power: self.power, boot, lacks_device: false });
            }
            Effect::CreatePortsFromBmc => return Landed::Done(Receipt::PortsCreated(0)),
            Effect::ValidateInspection => return Landed::Done(Receipt::Validated(self.validation())),
            Effect::PowerOff | Effect::RestorePower { to: EndPower::Off } => self.power = PowerState::Off,
            Effect::PowerOn { reboot: false } if self.power == PowerState::On => {}
            Effect::PowerOn { .. } | Effect::RestorePower { to: EndPower::Reboot } => self.start(),
            Effect::SetPower { target } => match target.end_state() {
                PowerState::On => self.start(),
                _ => self.power = PowerState::Off,
            },
            Effect::RemoveLeftovers => return self.remove_leftovers(run, open),
            Effect::AddInspectionNetwork { port } => return self.add_port(run, *port),
            Effect::RemoveInspectionNetwork { port, vif } => {
                let named = |it: &OurPort| vif.as_ref().is_some_and(|vif| vif.0 == it.vif.to_string());
                let marked = |it: &OurPort| vif.is_none() && it.run == run && it.port == *port;
                self.neutron.retain(|it| !named(it) && !marked(it));
            }
            Effect::InsertMedia => self.disc = Some(run),
            Effect::EjectMedia => self.disc = self.disc.filter(|held| *held != run),
            Effect::SetBootDevice { device, .. } => self.boot = Some(*device),
            Effect::RestoreBootDevice { ours, former } if self.boot == Some(*ours) => self.boot = former.device,
            Effect::StartIntrospection { manage_boot } => {
                self.introspected = matches!(self.kind, Kind::External | Kind::Unmanaged);
                if *manage_boot && self.kind == Kind::Unmanaged {
                    self.boot = None;
                    self.start();
                }
            }
            Effect::AbortIntrospection => self.introspected = false,
            Effect::ProcessBody { .. } => return Landed::Done(Receipt::Processed { warnings: Vec::new() }),
            Effect::RestoreBootDevice { .. }
            | Effect::CheckImages
            | Effect::AwaitPortsActive
            | Effect::PrepareRamdisk
            | Effect::CleanUpRamdisk
            | Effect::FetchData => {}
        }
        Landed::Done(Receipt::Done)
    }

    /// From the override, which is good for one start.
    fn start(&mut self) {
        self.power = PowerState::On;
        self.boots += 1;
    }

    fn validation(&self) -> Validation {
        let network = if self.kind.is_managed() { Verdict::Ok } else { Verdict::Unsupported("no network".to_owned()) };
        Validation { network, boot: Verdict::Ok, ports: self.ports.clone(), left_out: Vec::new() }
    }

    fn remove_leftovers(&mut self, run: RunId, open: &BTreeSet<RunId>) -> Landed {
        if let Some(held) = self.neutron.iter().find(|it| it.run != run && open.contains(&it.run)) {
            return Landed::Refused(format!("a port belongs to run {}, which is open", held.run));
        }
        let before = self.neutron.len();
        self.neutron.retain(|it| it.run == run);
        Landed::Done(Receipt::LeftoversRemoved(before - self.neutron.len()))
    }

    /// Neutron takes one port a MAC address: our own is adopted, any other is in the way.
    fn add_port(&mut self, run: RunId, port: PortId) -> Landed {
        if let Some(held) = self.neutron.iter().find(|it| it.port == port) {
            return if held.run == run {
                Landed::Done(Receipt::Vif(Some(vif(held.vif))))
            } else {
                Landed::Refused("the MAC address is in use".to_owned())
            };
        }
        self.next_vif += 1;
        self.neutron.push(OurPort { vif: self.next_vif, run, port });
        Landed::Done(Receipt::Vif(Some(vif(self.next_vif))))
    }
}

fn vif(number: u64) -> Vif {
    Vif { id: VifId(number.to_string()), mac: MacAddress([2, 0, 0, 0, 0, 1]), addresses: Vec::new() }
}
