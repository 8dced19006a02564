//! A stranger on a port of the switch, who tells what the servers on its segment answer.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};

use super::{INSPECTION_TAG, Lab, conf, switch};
use crate::command;
use crate::project::Project;

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

const FLOOD: &str = "dhcp-flood";

/// Has the stranger ask for addresses in the name of machines that nobody knows, a thousand times a second, until [`calm`].
pub fn flood(project: &Project, lab: &Lab) -> Result<()> {
    plug(lab, INSPECTION_TAG)?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "up"])?;
    let script = project.lab_file("dhcp-flood.py");
    lab.start(FLOOD, lab.command("/usr/bin/python3").arg(script).arg(INTERFACE))
}

/// Ends the [`flood`], which must have gone on until now.
pub fn calm(lab: &Lab) -> Result<()> {
    ensure!(lab.runs(FLOOD), "the flood ended by itself:\n{}", command::tail(&lab.log(FLOOD), 5));
    lab.stop(FLOOD);
    Ok(())
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
