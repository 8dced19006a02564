//! The typed view of an inventory: what a value of another type than expected is, is unknown.

use std::net::IpAddr;

use super::read::Reader;
use crate::{mac::MacAddress, node::JsonMap, power::BootMode};

/// The object `inventory` of a ramdisk's body. Keys of the JSON that are not read here are in [`super::Body`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the ramdisk's own")]
pub struct Inventory {
    pub interfaces: Vec<Interface>,
    pub cpu: Cpu,
    pub disks: Vec<Disk>,
    pub memory: Memory,
    pub system_vendor: SystemVendor,
    pub boot: Boot,
    pub bmc_address: Option<IpAddr>,
    pub bmc_v6address: Option<IpAddr>,
    pub hostname: Option<String>,
}

/// A network interface as the ramdisk's kernel sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the ramdisk's own")]
pub struct Interface {
    pub name: Option<String>,
    pub mac: Option<MacAddress>,
    pub ipv4: Option<IpAddr>,
    /// Without its scope.
    pub ipv6: Option<IpAddr>,
    pub has_carrier: Option<bool>,
    pub speed_mbps: Option<u64>,
    /// The DHCP client id of an InfiniBand interface.
    pub client_id: Option<String>,
    pub vendor: Option<String>,
    pub product: Option<String>,
    pub pci_address: Option<String>,
    pub driver: Option<String>,
}

/// The processors, all alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the ramdisk's own")]
pub struct Cpu {
    pub model_name: Option<String>,
    /// In MHz, as text.
    pub frequency: Option<String>,
    /// Logical processors.
    pub count: Option<u64>,
    pub socket_count: Option<u64>,
    pub architecture: Option<String>,
}

/// A disk, by the attributes that root device hints name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the ramdisk's own")]
pub struct Disk {
    pub name: Option<String>,
    pub model: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    pub rotational: Option<bool>,
    pub wwn: Option<String>,
    pub serial: Option<String>,
    pub vendor: Option<String>,
    pub wwn_with_extension: Option<String>,
    pub wwn_vendor_extension: Option<String>,
    pub hctl: Option<String>,
    pub by_path: Option<String>,
    pub tran: Option<String>,
}

/// The main memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What the kernel can use, in bytes.
    pub total: Option<u64>,
    /// What is plugged in, in MiB.
    pub physical_mb: Option<u64>,
}

/// What the firmware says about the machine and itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the ramdisk's own")]
pub struct SystemVendor {
    pub product_name: Option<String>,
    pub serial_number: Option<String>,
    pub manufacturer: Option<String>,
    pub firmware_vendor: Option<String>,
    pub firmware_version: Option<String>,
    pub firmware_date: Option<String>,
}

/// How the ramdisk was booted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The firmware's mode.
    pub mode: Option<BootMode>,
    /// The NIC that it came over; none with virtual media.
    pub pxe_mac: Option<MacAddress>,
}

impl Inventory {
    /// The addresses of the BMC that the ramdisk knows.
    pub fn bmc_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.bmc_address.into_iter().chain(self.bmc_v6address)
    }

    /// Every MAC address of the body, in its order.
    pub fn macs(&self) -> impl Iterator<Item = MacAddress> {
        self.interfaces.iter().filter_map(|interface| interface.mac)
    }
}

impl From<&JsonMap> for Inventory {
    fn from(inventory: &JsonMap) -> Self {
        let inventory = Reader(Some(inventory));
        Self {
            interfaces: inventory.list("interfaces", Interface::read),
            cpu: Cpu::read(inventory.object("cpu")),
            disks: inventory.list("disks", Disk::read),
            memory: Memory::read(inventory.object("memory")),
            system_vendor: SystemVendor::read(inventory.object("system_vendor")),
            boot: Boot::read(inventory.object("boot")),
            bmc_address: inventory.address("bmc_address"),
            bmc_v6address: inventory.address("bmc_v6address"),
            hostname: inventory.text("hostname"),
        }
    }
}

impl Interface {
    /// The address that the interface had in the ramdisk, the older family first.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ipv4.or(self.ipv6)
    }

    fn read(interface: Reader<'_>) -> Self {
        Self {
            name: interface.text("name"),
            mac: interface.parsed("mac_address"),
            ipv4: interface.address("ipv4_address"),
            ipv6: interface.address("ipv6_address"),
            has_carrier: interface.flag("has_carrier"),
            speed_mbps: interface.integer("speed_mbps"),
            client_id: interface.text("client_id"),
            vendor: interface.text("vendor"),
            product: interface.text("product"),
            pci_address: interface.text("pci_address"),
            driver: interface.text("driver"),
        }
    }
}

impl Cpu {
    fn read(cpu: Reader<'_>) -> Self {
        Self {
            model_name: cpu.text("model_name"),
            frequency: cpu.text("frequency"),
            count: cpu.integer("count"),
            socket_count: cpu.integer("socket_count"),
            architecture: cpu.text("architecture"),
        }
    }
}

impl Disk {
    fn read(disk: Reader<'_>) -> Self {
        Self {
            name: disk.text("name"),
            model: disk.text("model"),
            size: disk.integer("size"),
            rotational: disk.flag("rotational"),
            wwn: disk.text("wwn"),
            serial: disk.text("serial"),
            vendor: disk.text("vendor"),
            wwn_with_extension: disk.text("wwn_with_extension"),
            wwn_vendor_extension: disk.text("wwn_vendor_extension"),
            hctl: disk.text("hctl"),
            by_path: disk.text("by_path"),
            tran: disk.text("tran"),
        }
    }
}

impl From<&JsonMap> for Disk {
    fn from(disk: &JsonMap) -> Self {
        Self::read(Reader(Some(disk)))
    }
}

impl Memory {
    /// The memory in MiB: what is plugged in, or at least what the kernel can use.
    #[must_use]
    pub fn mebibytes(&self) -> Option<u64> {
        self.physical_mb.or_else(|| Some(self.total? >> 20))
    }

    fn read(memory: Reader<'_>) -> Self {
        Self { total: memory.integer("total"), physical_mb: memory.integer("physical_mb") }
    }
}

impl SystemVendor {
    fn read(vendor: Reader<'_>) -> Self {
        let firmware = vendor.object("firmware");
        Self {
            product_name: vendor.text("product_name"),
            serial_number: vendor.text("serial_number"),
            manufacturer: vendor.text("manufacturer"),
            firmware_vendor: firmware.text("vendor"),
            firmware_version: firmware.text("version"),
            firmware_date: firmware.text("build_date"),
        }
    }
}

impl Boot {
    fn read(boot: Reader<'_>) -> Self {
        Self {
            mode: boot.text("current_boot_mode").and_then(|mode| BootMode::parse(&mode)),
            pxe_mac: boot.boot_mac("pxe_interface"),
        }
    }
}
