//! A stranger on the inspection segment, who tells what the servers there answer.

use anyhow::Result;

use super::{INSPECTION_TAG, Lab, switch};
use crate::command;

const INTERFACE: &str = "probe0";

/// Whether somebody on the inspection segment offers an address to a NIC with this MAC; asks three times.
pub fn offers_address(lab: &Lab, mac: &str) -> Result<bool> {
    if lab.ip(&["-n", &lab.name, "link", "show", INTERFACE]).is_err() {
        switch::add_port(lab, INTERFACE, INSPECTION_TAG)?;
    }
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "down"])?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "address", mac])?;
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "up"])?;
    let mut dhcp = lab.command("busybox");
    dhcp.args(["udhcpc", "-i", INTERFACE, "-n", "-q", "-f", "-t", "3", "-T", "1", "-s", "/bin/true"]);
    let offered = command::output(&mut dhcp).is_ok();
    lab.ip(&["-n", &lab.name, "link", "set", INTERFACE, "down"])?;
    Ok(offered)
}
