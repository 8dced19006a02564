//! A stranger on a port of the switch, who tells what the servers on its segment answer.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::Result;

use super::{INSPECTION_TAG, Lab, conf, switch};
use crate::command;

/// The stranger's port.
pub const INTERFACE: &str = "probe0";
/// What udhcpc runs at each event: what it was given is in the environment. `bound` is its word for having a lease.
const TELL: &str = "#!/bin/sh\n[ \"$1\" = bound ] && env\nexit 0\n";

/// Plugs the stranger into this VLAN.
pub fn plug(lab: &Lab, vlan: u16) -> Result<()> {
    if lab.ip(&["-n", &lab.name, "link", "show", INTERFACE]).is_err() {
        return switch::add_port(lab, INTERFACE, vlan);
    }
    switch::set_tag(lab, INTERFACE, vlan)
}

/// Whether somebody on the inspection segment offers an address to a NIC with this MAC.
pub fn offers_address(lab: &Lab, mac: &str) -> Result<bool> {
    plug(lab, INSPECTION_TAG)?;
    Ok(lease(lab, mac)?.is_some())
}

/// What a DHCP server on the stranger's segment gives to a NIC with this MAC, by udhcpc's names; asks three times.
pub fn lease(lab: &Lab, mac: &str) -> Result<Option<BTreeMap<String, String>>> {
    let script = conf(lab, "tell-lease", TELL)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "down"])?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "address", mac])?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "up"])?;
    let mut dhcp = lab.command("busybox");
    dhcp.args([
        "udhcpc", "-i", INTERFACE, "-n", "-q", "-f", "-t", "3", "-T", "1", "-O", "tftp", "-O", "bootfile", "-s",
    ])
    .arg(script);
    let told = command::output(&mut dhcp).ok();
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "down"])?;
    Ok(told.map(|told| {
        told.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
    }))
}
