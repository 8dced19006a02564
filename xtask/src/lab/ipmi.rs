//! BMCs that speak IPMI: OpenIPMI's simulator without a machine, and virtualbmc in front of the lab's libvirt.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::bmc::{PASSWORD, USER};
use super::machine::Machine;
use super::{Lab, MANAGEMENT, conf, hypervisor};
use crate::command;
use crate::interrupt::wait_for;
use crate::project::{Project, write};
use crate::setup::python;

/// The UDP port of loopback at which the simulator answers.
pub const SIM_PORT: u16 = 6230;
const SIM: &str = "ipmi-sim";
const VIRTUALBMC: &str = "virtualbmc";

/// The one controller of the simulator.
const CONTROLLER: &str = "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nsel_enable 0x20 1000 0x0a\n\
                          mc_enable 0x20\n";

/// The chassis behind it: each of its properties is a file. It is called as `<controller> set|get|check <name> [<value>]…`.
const CHASSIS: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
shift
how=$1
shift
case $how in
  set) while [ $# -gt 1 ]; do echo "$2" > "$1"; shift 2; done ;;
  get) for name in "$@"; do
         case $name in
           power) echo "power:$(cat power 2>/dev/null || echo 0)" ;;
           boot) echo "boot:$(cat boot 2>/dev/null || echo none)" ;;
         esac
       done ;;
esac
"#;

/// Starts the simulator.
pub fn sim(lab: &Lab) -> Result<()> {
    let folder = lab.folder.join(SIM);
    fs::create_dir_all(&folder)?;
    let chassis = folder.join("chassis");
    write(&chassis, CHASSIS)?;
    fs::set_permissions(&chassis, fs::Permissions::from_mode(0o755))?;
    let levels: String =
        ["callback", "user", "operator", "admin"].map(|level| format!("allowed_auths_{level} md5 straight\n")).concat();
    let lan = format!(
        "name \"sim\"\nset_working_mc 0x20\nstartlan 1\naddr 127.0.0.1 {SIM_PORT}\npriv_limit admin\n{levels}\
         guid a123456789abcdefa123456789abcdef\nendlan\nchassis_control \"{} 0x20\"\n\
         user 2 true \"{USER}\" \"{PASSWORD}\" admin 10 md5 straight\n",
        chassis.display()
    );
    let (lan, controller) = (conf(lab, "ipmi-sim.lan", &lan)?, conf(lab, "ipmi-sim.mc", CONTROLLER)?);
    let mut sim = lab.command("ipmi_sim");
    sim.arg("-n").arg("-c").arg(lan).arg("-f").arg(controller).arg("-s").arg(&folder);
    lab.start(SIM, &mut sim)?;
    answers(lab, SIM, "127.0.0.1", SIM_PORT)
}

/// Starts virtualbmc, which shows each machine at a port of its own.
pub fn virtualbmc(project: &Project, lab: &Lab) -> Result<()> {
    let folder = lab.folder.join(VIRTUALBMC);
    for machine in &lab.machines {
        let of_machine = folder.join(&machine.name);
        fs::create_dir_all(&of_machine)?;
        let text = format!(
            "[VirtualBMC]\nusername = {USER}\npassword = {PASSWORD}\naddress = {MANAGEMENT}\nport = {}\ndomain_name = {}\n\
             libvirt_uri = {}\nactive = True\n",
            port_of(machine),
            machine.name,
            hypervisor::uri(lab)
        );
        write(&of_machine.join("config"), &text)?;
    }
    let (dir, pid) = (folder.display(), folder.join("pid"));
    let settings =
        conf(lab, "virtualbmc.conf", &format!("[default]\nconfig_dir = {dir}\npid_file = {}\n", pid.display()))?;
    let program = python::bmc_tools(project)?.join("bin/vbmcd");
    lab.start(VIRTUALBMC, lab.command(program).arg("--foreground").env("VIRTUALBMC_CONFIG", settings))?;
    lab.machines.iter().try_for_each(|machine| answers(lab, VIRTUALBMC, MANAGEMENT, port_of(machine)))
}

/// The UDP port of the management address at which virtualbmc shows the machine.
pub fn port_of(machine: &Machine) -> u16 {
    6240 + u16::from(machine.number)
}

/// Waits until a BMC tells its power.
fn answers(lab: &Lab, name: &str, address: &str, port: u16) -> Result<()> {
    let password = conf(lab, "ipmi-password", PASSWORD)?;
    wait_for(&format!("{name} at {port}"), Duration::from_secs(60), || {
        if !lab.runs(name) {
            bail!("{name} ended:\n{}", command::tail(&lab.log(name), 20));
        }
        Ok(status(lab, &password, address, port).ok())
    })
}

fn status(lab: &Lab, password: &Path, address: &str, port: u16) -> Result<()> {
    let mut ipmitool = lab.command("ipmitool");
    ipmitool.args([
        "-I",
        "lanplus",
        "-C",
        "3",
        "-R",
        "1",
        "-N",
        "2",
        "-U",
        USER,
        "-H",
        address,
        "-p",
        &port.to_string(),
    ]);
    command::output(ipmitool.arg("-f").arg(password).args(["chassis", "power", "status"])).map(drop)
}
