//! What a world is made of.

use assay_core::{
    power::BootDevice,
    run::{RunKind, Service, Snapshot},
};

use super::faults::Faults;

/// A kind of inspection, by what it does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The network boot, isolated: two ports at Neutron.
    Network,
    /// The disc in the virtual drive, isolated.
    Disc,
    /// An external service is told; the boot is ours.
    External,
    /// An external service boots the node: the old approach.
    Unmanaged,
    /// Started at the introspection API.
    Introspection,
    /// A node that must never be powered off.
    NeverOff,
    /// A success leaves the machine on.
    StaysOn,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Network,
        Self::Disc,
        Self::External,
        Self::Unmanaged,
        Self::Introspection,
        Self::NeverOff,
        Self::StaysOn,
    ];

    /// What such a run goes by.
    pub(super) fn snapshot(self) -> Snapshot {
        let base = Snapshot {
            kind: RunKind::Inspect,
            in_band: true,
            pre_create_ports: true,
            require_managed_boot: false,
            service: Service::None,
            power_off: true,
            disable_power_off: false,
            virtual_media: false,
            boot_device: Some(BootDevice::Pxe),
            power_timeout: None,
            start_timeout: 600,
            wait_timeout: 900,
            boot_retry: None,
        };
        match self {
            Self::Network => Snapshot { boot_retry: Some(240), ..base },
            Self::Disc => Snapshot { virtual_media: true, boot_device: Some(BootDevice::Cdrom), ..base },
            Self::External | Self::Unmanaged => Snapshot { service: Service::External, ..base },
            Self::Introspection => Snapshot {
                kind: RunKind::Introspect { manage_boot: true },
                service: Service::BuiltIn,
                pre_create_ports: false,
                ..base
            },
            Self::NeverOff => Snapshot { disable_power_off: true, ..base },
            Self::StaysOn => Snapshot { power_off: false, ..base },
        }
    }

    /// Whether Assay moves ports and boots the ramdisk.
    pub(super) const fn is_managed(self) -> bool {
        !matches!(self, Self::Unmanaged | Self::Introspection)
    }
}

/// What the ramdisk of a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ramdisk {
    Posts,
    PostsTwice,
    Silent,
    TooSlow,
}

/// A world.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Everything that is left to chance follows from it.
    pub seed: u64,
    /// The nodes, by how they are inspected.
    pub nodes: Vec<Kind>,
    /// What goes wrong with effects.
    pub faults: Faults,
    /// Conductors die and freeze, lose their database, and their clocks jump; clients do as they please.
    pub chaos: bool,
}

impl Setup {
    /// One node, and one thing that goes wrong.
    #[must_use]
    pub fn scripted(kind: Kind, faults: Faults) -> Self {
        Self { seed: 1, nodes: vec![kind], faults, chaos: false }
    }

    /// A world of chance.
    #[must_use]
    pub fn by_chance(seed: u64) -> Self {
        let nodes = (0..3 + seed % 4).map(|place| Kind::ALL[((seed / 4 + place * 3) % 7) as usize]).collect();
        let faults = Faults::Chance { rate: 40 + u32::try_from(seed % 5).unwrap_or(0) * 40, until: super::world::CALM };
        Self { seed, nodes, faults, chaos: true }
    }
}
