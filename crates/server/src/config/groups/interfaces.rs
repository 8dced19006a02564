//! Which hardware types and interfaces may be used; these options stand in `[DEFAULT]`, too.

use assay_core::node::InterfaceKind;

use crate::config::options::options;

options! {
    /// Which hardware types and interfaces nodes may use. The lists default to what this version
    /// has; a default that is unset is the first enabled one that fits the hardware type.
    Interfaces = "DEFAULT" {
        /// Hardware types, the `driver` of a node.
        enabled_hardware_types: Vec<String> = "redfish,fake-hardware";
        /// Boot interfaces.
        enabled_boot_interfaces: Vec<String> = "ipxe,fake";
        /// Inspect interfaces.
        enabled_inspect_interfaces: Vec<String> = "agent,no-inspect,fake";
        /// Management interfaces.
        enabled_management_interfaces: Vec<String> = "redfish,fake,noop";
        /// Network interfaces.
        enabled_network_interfaces: Vec<String> = "noop";
        /// Power interfaces.
        enabled_power_interfaces: Vec<String> = "redfish,fake";
        /// BIOS interfaces; by name only.
        enabled_bios_interfaces: Vec<String> = "no-bios,redfish";
        /// Console interfaces; by name only.
        enabled_console_interfaces: Vec<String> = "no-console";
        /// Deploy interfaces; by name only.
        enabled_deploy_interfaces: Vec<String> = "direct,ramdisk,custom-agent,fake";
        /// Firmware interfaces; by name only.
        enabled_firmware_interfaces: Vec<String> = "no-firmware";
        /// RAID interfaces; by name only.
        enabled_raid_interfaces: Vec<String> = "no-raid,agent";
        /// Rescue interfaces; by name only.
        enabled_rescue_interfaces: Vec<String> = "no-rescue";
        /// Storage interfaces; by name only.
        enabled_storage_interfaces: Vec<String> = "noop,cinder";
        /// Vendor interfaces; by name only.
        enabled_vendor_interfaces: Vec<String> = "no-vendor,redfish";
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
        default_storage_interface: Option<String> = "noop";
        /// The vendor interface of nodes that name none.
        default_vendor_interface: Option<String>;
    }
}

impl Interfaces {
    /// The enabled interfaces of a kind and the name of its default, if one is configured.
    #[must_use]
    pub fn of(&self, kind: InterfaceKind) -> (&[String], Option<&str>) {
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
        (enabled, default.as_deref())
    }
}
