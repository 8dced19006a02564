//! Inspections that end well, with a boot: the stock ramdisk over iPXE, and meanwhile the tiny one by every other way.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::left::{isolated, nothing_left, nothing_left_in};
use super::node::{BOOT, Node, SOON, boots};
use super::watch::{self, Sight};
use super::{place, two_ports};
use crate::lab::machine::Firmware;
use crate::lab::neutron::TENANT_TAG;
use crate::lab::{INSPECTION_TAG, power};
use crate::test::findings::Findings;

/// How long the stock ramdisk may take, with a second machine beside it.
const STOCK: Duration = Duration::from_secs(400);
/// What an inspection over the network does to the world, in the seed's order, and its undo.
pub const ORDER: &[&str] = &[
    "PowerOff",
    "AddInspectionNetwork",
    "PrepareRamdisk",
    "SetBootDevice",
    "PowerOn",
    "ProcessBody",
    "RestorePower",
    "RestoreBootDevice",
    "CleanUpRamdisk",
    "RemoveInspectionNetwork",
];

/// A node that boots, and what is special about it.
struct Way {
    place: usize,
    more: Value,
    /// The signs of life that its boot gives.
    signs: &'static [&'static str],
    /// Where its port is before and after.
    vlan: u16,
}

pub fn all(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[("OS_INSPECTOR__KEEP_PORTS", "present")])?;
    let stock = Node::of_machine(cloud, place::LARGE, &json!({"driver_info": boots(&cloud.stock)}))?;
    let machine = stock.machine.context("a node without a machine")?;
    // The tenant's system runs.
    power::switch_on(cloud.lab, machine)?;
    let (end, sights) = watch::during(cloud, machine, || {
        stock.inspect_until_it_waits()?;
        isolated(&stock, findings)?;
        others(cloud, findings)?;
        stock.reaches("manageable", STOCK)
    });
    end?;
    stock_ends_well(&stock, &sights, findings)?;
    stock.delete()?;
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

fn stock_ends_well(stock: &Node, sights: &[Sight], findings: &mut Findings) -> Result<()> {
    watch::moved_only_while_off("stock", sights, findings);
    let disk = stock.inventory()?["disks"][0]["serial"].clone();
    findings.equal("stock: the disk's serial number", &disk.as_str(), &Some("DISK0001"));
    in_order(stock, findings)?;
    nothing_left(stock, findings)
}

/// Each begins as soon as the one before boots, so that Neutron has one node at a time.
fn others(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    let two = two_ports::begin(cloud, findings)?;
    let mut begun = Vec::new();
    for way in ways() {
        let node = Node::of_machine(cloud, way.place, &way.more)?;
        cloud.stack.plug(&node.nics[0].port, way.vlan)?;
        node.inspect_until_it_waits()?;
        let addresses = if way.vlan == TENANT_TAG { isolated(&node, findings)? } else { Vec::new() };
        begun.push((node, addresses, way));
    }
    two_ports::one_has_booted(&two, findings)?;
    for (node, addresses, way) in begun {
        node.reaches("manageable", BOOT)?;
        ends_well(&node, &addresses, &way, findings)?;
        node.delete()?;
    }
    Ok(())
}

fn ways() -> [Way; 3] {
    [
        // QEMU's ROM for a UEFI machine is off: its own client has to load iPXE over TFTP.
        Way {
            place: place::UEFI,
            more: json!({}),
            signs: &["dhcp", "loader", "script", "kernel", "ramdisk", "ramdisk dhcp"],
            vlan: TENANT_TAG,
        },
        Way {
            place: place::FIRST,
            more: json!({"boot_interface": "redfish-virtual-media"}),
            signs: &["media", "ramdisk dhcp"],
            vlan: TENANT_TAG,
        },
        // Where nobody moves ports, the machine is on the inspection network for good.
        Way {
            place: place::SECOND,
            more: json!({"boot_interface": "pxe", "network_interface": "flat"}),
            signs: &["dhcp", "loader", "script", "kernel", "ramdisk", "ramdisk dhcp"],
            vlan: INSPECTION_TAG,
        },
    ]
}

fn ends_well(node: &Node, addresses: &[String], way: &Way, findings: &mut Findings) -> Result<()> {
    let (name, machine) = (&node.name, node.machine.context("a node without a machine")?);
    let inventory = node.inventory()?;
    let nic = &inventory["interfaces"][0];
    findings.equal(
        &format!("{name}: the inventory's MAC"),
        &nic["mac_address"].as_str(),
        &Some(machine.mac().as_str()),
    );
    let address = nic["ipv4_address"].as_str().unwrap_or_default().to_owned();
    if let Some(given) = addresses.first() {
        findings.equal(&format!("{name}: the address that Neutron gave it"), &address, given);
    }
    let mode = if machine.firmware == Firmware::Bios { "bios" } else { "uefi" };
    findings.equal(&format!("{name}: the boot mode"), &inventory["boot"]["current_boot_mode"].as_str(), &Some(mode));
    let events = node.events()?;
    let signs: Vec<&str> = way.signs.iter().copied().filter(|sign| events.iter().any(|event| event == sign)).collect();
    findings.equal(&format!("{name}: the signs of life"), &signs.as_slice(), &way.signs);
    in_order(node, findings)?;
    nothing_left_in(node, way.vlan, findings)
}

/// What happened to the world happened in the seed's order, each only once the one before had its outcome.
pub fn in_order(node: &Node, findings: &mut Findings) -> Result<()> {
    let events = node.events()?;
    let mut seen: Vec<&str> = events.iter().map(String::as_str).filter(|event| ORDER.contains(event)).collect();
    seen.dedup();
    findings.equal(&format!("{}: the order of its inspection", node.name), &seen.as_slice(), &ORDER);
    Ok(())
}

/// Waits for the end of an inspection that nobody has to boot for.
pub fn posts_and_ends_well(node: &Node, findings: &mut Findings) -> Result<()> {
    findings.works(&format!("{}: its post is accepted", node.name), node.post());
    node.reaches("manageable", SOON)?;
    let mac = node.inventory()?["interfaces"][0]["mac_address"].clone();
    findings.equal(
        &format!("{}: the inventory's MAC", node.name),
        &mac.as_str(),
        &node.nics.first().map(|nic| nic.mac.as_str()),
    );
    Ok(())
}
