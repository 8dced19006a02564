//! Which hardware types and interfaces may be used; these options stand in `[DEFAULT]`, too.

use assay_core::node::InterfaceKind;
use assay_drivers::fake::Delay;

use crate::config::options::options;

options! {
    /// Which hardware types and interfaces nodes may use. A list that is unset enables what this
    /// version has; a default that is unset is the first enabled one in the hardware type's order.
    Interfaces = "DEFAULT" {
        /// Hardware types, the `driver` of a node.
        enabled_hardware_types: Option<Vec<String>>;
        /// Boot interfaces.
        enabled_boot_interfaces: Option<Vec<String>>;
        /// Inspect interfaces.
        enabled_inspect_interfaces: Option<Vec<String>>;
        /// Management interfaces.
        enabled_management_interfaces: Option<Vec<String>>;
        /// Network interfaces.
        enabled_network_interfaces: Option<Vec<String>>;
        /// Power interfaces.
        enabled_power_interfaces: Option<Vec<String>>;
        /// BIOS interfaces; by name only.
        enabled_bios_interfaces: Option<Vec<String>>;
        /// Console interfaces; by name only.
        enabled_console_interfaces: Option<Vec<String>>;
        /// Deploy interfaces; by name only.
        enabled_deploy_interfaces: Option<Vec<String>>;
        /// Firmware interfaces; by name only.
        enabled_firmware_interfaces: Option<Vec<String>>;
        /// RAID interfaces; by name only.
        enabled_raid_interfaces: Option<Vec<String>>;
        /// Rescue interfaces; by name only.
        enabled_rescue_interfaces: Option<Vec<String>>;
        /// Storage interfaces; by name only.
        enabled_storage_interfaces: Option<Vec<String>>;
        /// Vendor interfaces; by name only.
        enabled_vendor_interfaces: Option<Vec<String>>;
        /// The boot interface of nodes that name none.
        default_boot_interface: Option<String>;
        /// The inspect interface of nodes that name none.
        default_inspect_interface: Option<String>;
        /// The management interface of nodes that name none.
        default_management_interface: Option<String>;
        /// The network interface of nodes that name none.
        default_network_interface: Option<String>;
        /// The power interface of nodes that name none.
        default_power_interface: Option<String>;
        /// The BIOS interface of nodes that name none.
        default_bios_interface: Option<String>;
        /// The console interface of nodes that name none.
        default_console_interface: Option<String>;
        /// The deploy interface of nodes that name none.
        default_deploy_interface: Option<String>;
        /// The firmware interface of nodes that name none.
        default_firmware_interface: Option<String>;
        /// The RAID interface of nodes that name none.
        default_raid_interface: Option<String>;
        /// The rescue interface of nodes that name none.
        default_rescue_interface: Option<String>;
        /// The storage interface of nodes that name none.
        default_storage_interface: Option<String>;
        /// The vendor interface of nodes that name none.
        default_vendor_interface: Option<String>;
    }
}

options! {
    /// How long the fake interfaces pretend to work; from a range, any time in it.
    Fake = "fake" {
        /// Power actions.
        power_delay: Delay = "0";
        /// Changes of the boot device.
        management_delay: Delay = "0";
        /// Preparing and cleaning up the boot.
        boot_delay: Delay = "0";
    }
}

impl Interfaces {
    /// The enabled interfaces of a kind and the name of its default, as far as they are configured.
    #[must_use]
    pub fn of(&self, kind: InterfaceKind) -> (Option<&Vec<String>>, Option<&String>) {
        let (enabled, default) = match kind {
            InterfaceKind::Bios => (&self.enabled_bios_interfaces, &self.default_bios_interface),
            InterfaceKind::Boot => (&self.enabled_boot_interfaces, &self.default_boot_interface),
            InterfaceKind::Console => (&self.enabled_console_interfaces, &self.default_console_interface),
            InterfaceKind::Deploy => (&self.enabled_deploy_interfaces, &self.default_deploy_interface),
            InterfaceKind::Firmware => (&self.enabled_firmware_interfaces, &self.default_firmware_interface),
            InterfaceKind::Inspect => (&self.enabled_inspect_interfaces, &self.default_inspect_interface),
            InterfaceKind::Management => (&self.enabled_management_interfaces, &self.default_management_interface),
            InterfaceKind::Network => (&self.enabled_network_interfaces, &self.default_network_interface),
            InterfaceKind::Power => (&self.enabled_power_interfaces, &self.default_power_interface),
            InterfaceKind::Raid => (&self.enabled_raid_interfaces, &self.default_raid_interface),
            InterfaceKind::Rescue => (&self.enabled_rescue_interfaces, &self.default_rescue_interface),
            InterfaceKind::Storage => (&self.enabled_storage_interfaces, &self.default_storage_interface),
            InterfaceKind::Vendor => (&self.enabled_vendor_interfaces, &self.default_vendor_interface),
        };
        (enabled.as_ref(), default.as_ref())
    }
}
