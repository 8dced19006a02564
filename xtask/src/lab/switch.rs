//! The top-of-rack switch: Open vSwitch in user space, with a database of its own.
//!
//! Each machine's port is a persistent tap: it is there whether or not the machine has power, like a port of a real switch.
//! The kernel needs no Open vSwitch module and no VLAN support.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::machine::{Machine, Nic};
use super::neutron::SWITCH_ID;
use super::{INSPECTION, INSPECTION_INTERFACE, INSPECTION_TAG, Lab, MANAGEMENT};
use crate::command;
use crate::interrupt::wait_for;

const BRIDGE: &str = "tor";
/// The bridge that Neutron's agent knows as the physical network.
pub const PROVIDER_BRIDGE: &str = "provider";
/// The bridge that the agent makes, for the DHCP servers.
pub const INTEGRATION_BRIDGE: &str = "integration";
const MANAGEMENT_TAG: u16 = 10;
const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// Starts the switch, with a port for each machine and one for us on each segment.
pub fn up(lab: &Lab) -> Result<()> {
    start_daemons(lab)?;
    vsctl(lab, &["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail-mode=standalone"])?;
    own_port(lab, "mgmt0", MANAGEMENT_TAG, MANAGEMENT)?;
    own_port(lab, INSPECTION_INTERFACE, INSPECTION_TAG, INSPECTION)?;
    for Nic { port, .. } in lab.machines.iter().flat_map(Machine::nics) {
        lab.ip(&["-n", &lab.name, "tuntap", "add", &port, "mode", "tap"])?;
        lab.ip(&["-n", &lab.name, "link", "set", &port, "up"])?;
        vsctl(lab, &["add-port", BRIDGE, &port, &format!("tag={INSPECTION_TAG}")])?;
        send_lldp(lab, &port)?;
    }
    Ok(())
}

/// Has a port tell by LLDP what it is, every five seconds. Open vSwitch names itself by the port's MAC address, which is
/// here the same for all, as it is with the switches that people buy.
fn send_lldp(lab: &Lab, port: &str) -> Result<()> {
    lab.ip(&["-n", &lab.name, "link", "set", port, "address", SWITCH_ID])?;
    vsctl(lab, &["set", "interface", port, "lldp:enable=true"]).map(drop)
}

fn start_daemons(lab: &Lab) -> Result<()> {
    let folder = lab.folder.display();
    command::output(Command::new("ovsdb-tool").arg("create").arg(lab.folder.join("ovs.db")).arg(SCHEMA))?;
    lab.start(
        "ovsdb-server",
        open_vswitch(lab, "ovsdb-server")
            .arg(lab.folder.join("ovs.db"))
            .arg(format!("--remote=punix:{folder}/db.sock"))
            .arg(format!("--unixctl={folder}/ovsdb.ctl")),
    )?;
    wait_for("the switch's database", Duration::from_secs(10), || Ok(vsctl(lab, &["--no-wait", "init"]).ok()))?;
    lab.start(
        "ovs-vswitchd",
        open_vswitch(lab, "ovs-vswitchd")
            .arg(format!("unix:{folder}/db.sock"))
            .arg(format!("--unixctl={folder}/vswitchd.ctl")),
    )
}

fn open_vswitch(lab: &Lab, program: &str) -> Command {
    let mut command = lab.command(program);
    command.env("OVS_RUNDIR", &lab.folder).env("OVS_LOGDIR", &lab.folder).env("OVS_DBDIR", &lab.folder);
    command
}

fn vsctl(lab: &Lab, arguments: &[&str]) -> Result<String> {
    let mut vsctl = open_vswitch(lab, "ovs-vsctl");
    vsctl.arg("--timeout=10").arg(format!("--db=unix:{}/db.sock", lab.folder.display())).args(arguments);
    command::output(&mut vsctl)
}

/// Gives Neutron its bridges: a trunk of all VLANs joins them to the switch.
pub fn connect_neutron(lab: &Lab) -> Result<()> {
    for bridge in [PROVIDER_BRIDGE, INTEGRATION_BRIDGE] {
        vsctl(lab, &["add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev"])?;
    }
    for (bridge, port, peer) in [(BRIDGE, "to-provider", "to-switch"), (PROVIDER_BRIDGE, "to-switch", "to-provider")] {
        let peer = format!("options:peer={peer}");
        vsctl(lab, &["add-port", bridge, port, "--", "set", "interface", port, "type=patch", &peer])?;
    }
    Ok(())
}

/// The VLAN of a port, if it is in one.
pub fn tag(lab: &Lab, port: &str) -> Result<Option<u16>> {
    let shown = vsctl(lab, &["get", "port", port, "tag"])?;
    Ok(shown.trim().parse().ok())
}

/// Moves a port to a VLAN.
pub fn set_tag(lab: &Lab, port: &str, tag: u16) -> Result<()> {
    vsctl(lab, &["set", "port", port, &format!("tag={tag}")]).map(drop)
}

/// Adds a port for this computer, without an address.
pub fn add_port(lab: &Lab, name: &str, tag: u16) -> Result<()> {
    vsctl(lab, &["add-port", BRIDGE, name, &format!("tag={tag}"), "--", "set", "interface", name, "type=internal"])
        .map(drop)
}

fn own_port(lab: &Lab, name: &str, tag: u16, address: &str) -> Result<()> {
    add_port(lab, name, tag)?;
    lab.ip(&["-n", &lab.name, "addr", "add", &format!("{address}/24"), "dev", name])?;
    lab.ip(&["-n", &lab.name, "link", "set", name, "up"])
}
