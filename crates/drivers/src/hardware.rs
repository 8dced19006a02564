//! The hardware types, and which implementations each of them can use: the first is preferred.
//! Names of kinds that are served by name only (`deploy`, `raid`, …) do nothing; clients such as
//! metal3 send them.

use assay_core::node::InterfaceKind;

/// A hardware type, which a node names as its `driver`.
#[derive(Debug)]
pub struct HardwareType {
    /// The name.
    pub name: &'static str,
    supports: fn(InterfaceKind) -> &'static [&'static str],
}

/// All hardware types of this build.
pub const HARDWARE_TYPES: [HardwareType; 4] = [
    HardwareType { name: "fake-hardware", supports: fake_hardware },
    HardwareType { name: "ipmi", supports: ipmi },
    HardwareType { name: "manual-management", supports: manual_management },
    HardwareType { name: "redfish", supports: redfish },
];

/// Interfaces that serve tests only: enabled when named, never by default.
pub const ONLY_WHEN_NAMED: [&str; 1] = ["fake-managed"];

impl HardwareType {
    /// The implementations of `kind` that it can use, the preferred one first.
    #[must_use]
    pub fn supports(&self, kind: InterfaceKind) -> &'static [&'static str] {
        (self.supports)(kind)
    }
}

/// What every hardware type has in common.
const fn generic(kind: InterfaceKind) -> &'static [&'static str] {
    match kind {
        InterfaceKind::Bios => &["no-bios"],
        InterfaceKind::Boot => &["ipxe", "pxe", "http-ipxe", "fake-managed"],
        InterfaceKind::Console => &["no-console"],
        InterfaceKind::Deploy => &["direct", "ramdisk", "custom-agent"],
        InterfaceKind::Firmware => &["no-firmware"],
        InterfaceKind::Inspect => &["agent", "inspector", "no-inspect"],
        InterfaceKind::Management | InterfaceKind::Power => &[],
        InterfaceKind::Network => &["noop", "flat", "neutron"],
        InterfaceKind::Raid => &["no-raid", "agent"],
        InterfaceKind::Rescue => &["no-rescue", "agent"],
        InterfaceKind::Storage => &["noop", "cinder", "external"],
        InterfaceKind::Vendor => &["no-vendor"],
    }
}

const fn redfish(kind: InterfaceKind) -> &'static [&'static str] {
    match kind {
        InterfaceKind::Bios => &["redfish", "no-bios"],
        InterfaceKind::Boot => &["ipxe", "pxe", "http-ipxe", "redfish-virtual-media", "fake-managed"],
        InterfaceKind::Firmware => &["redfish", "no-firmware"],
        InterfaceKind::Management => &["redfish", "noop"],
        InterfaceKind::Power => &["redfish"],
        InterfaceKind::Raid => &["redfish", "no-raid", "agent"],
        InterfaceKind::Vendor => &["redfish", "no-vendor"],
        _ => generic(kind),
    }
}

const fn ipmi(kind: InterfaceKind) -> &'static [&'static str] {
    match kind {
        InterfaceKind::Management => &["ipmitool", "noop"],
        InterfaceKind::Power => &["ipmitool"],
        InterfaceKind::Vendor => &["ipmitool", "no-vendor"],
        _ => generic(kind),
    }
}

const fn manual_management(kind: InterfaceKind) -> &'static [&'static str] {
    match kind {
        InterfaceKind::Management => &["noop", "fake"],
        InterfaceKind::Power => &["fake"],
        _ => generic(kind),
    }
}

/// Takes any interface there is, so that each can be tried without a machine.
const fn fake_hardware(kind: InterfaceKind) -> &'static [&'static str] {
    match kind {
        InterfaceKind::Bios => &["fake", "no-bios", "redfish"],
        InterfaceKind::Boot => &["fake", "ipxe", "pxe", "http-ipxe", "redfish-virtual-media", "fake-managed"],
        InterfaceKind::Console => &["fake", "no-console"],
        InterfaceKind::Deploy => &["fake", "direct", "ramdisk", "custom-agent"],
        InterfaceKind::Firmware => &["fake", "no-firmware", "redfish"],
        InterfaceKind::Inspect => &["fake", "agent", "inspector", "no-inspect"],
        InterfaceKind::Management => &["fake", "noop", "redfish"],
        InterfaceKind::Network => &["noop", "flat", "neutron"],
        InterfaceKind::Power => &["fake", "redfish"],
        InterfaceKind::Raid => &["fake", "no-raid", "agent", "redfish"],
        InterfaceKind::Rescue => &["fake", "no-rescue", "agent"],
        InterfaceKind::Storage => &["noop", "fake", "cinder", "external"],
        InterfaceKind::Vendor => &["fake", "no-vendor", "redfish"],
    }
}
