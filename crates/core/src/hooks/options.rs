//! The options of the hooks, in the names of the configuration's group `[inspector]`.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::PhysicalNetworkMap;
use crate::power::named;

named! {
    /// For which NICs ports are created (`add_ports`).
    AddPorts {
        /// Every one.
        All = "all",
        /// Those that had an IP address in the ramdisk.
        Active = "active",
        /// The one that the ramdisk was booted over; all, when that is not known.
        Pxe = "pxe",
        /// None.
        Disabled = "disabled",
    }
}

named! {
    /// Which ports stay (`keep_ports`).
    KeepPorts {
        /// Every one.
        All = "all",
        /// Those whose NIC the ramdisk saw.
        Present = "present",
        /// Those that `add_ports` would create.
        Added = "added",
    }
}

/// The options that hooks read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookOptions {
    /// For which NICs ports are created.
    pub add_ports: AddPorts,
    /// Which ports stay.
    pub keep_ports: KeepPorts,
    /// Whether `pxe_enabled` of existing ports follows what the ramdisk was booted over.
    pub update_pxe_enabled: bool,
    /// Whether `local_gb` leaves one GiB for partitioning.
    pub disk_partitioning_spacing: bool,
    /// Which physical network a NIC is on, by its address (`physical_network_cidr_map`).
    pub physical_networks: PhysicalNetworkMap,
}

impl Default for HookOptions {
    fn default() -> Self {
        Self {
            add_ports: AddPorts::Pxe,
            keep_ports: KeepPorts::All,
            update_pxe_enabled: true,
            disk_partitioning_spacing: true,
            physical_networks: PhysicalNetworkMap::default(),
        }
    }
}
