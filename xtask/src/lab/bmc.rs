//! The machines' BMCs: sushy-tools, one Redfish service in front of libvirt; and its fake driver, without any machine.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Lab, MANAGEMENT, conf, hypervisor, power};
use crate::interrupt::wait_for;
use crate::project::Project;
use crate::setup::python;

/// The user of every BMC of the lab.
pub const USER: &str = "admin";
/// Its password; `lab/bmc.htpasswd` holds its hash.
pub const PASSWORD: &str = "hunter2";

/// Starts the Redfish service, and waits until it shows every machine.
pub fn up(project: &Project, lab: &Lab) -> Result<()> {
    let tools = python::bmc_tools(project)?;
    let text = format!(
        "SUSHY_EMULATOR_LISTEN_IP = '{MANAGEMENT}'\nSUSHY_EMULATOR_LISTEN_PORT = 8000\n\
         SUSHY_EMULATOR_LIBVIRT_URI = '{uri}'\nSUSHY_EMULATOR_STORAGE_POOL = 'default'\n\
         SUSHY_EMULATOR_STATE_DIR = '{folder}'\nSUSHY_EMULATOR_AUTH_FILE = '{users}'\n\
         SUSHY_EMULATOR_BOOT_LOADER_MAP = {{'UEFI': {{'x86_64': '/usr/share/OVMF/OVMF_CODE_4M.fd'}}, 'Legacy': {{'x86_64': None}}}}\n",
        uri = hypervisor::uri(lab),
        folder = lab.folder.display(),
        users = project.lab_file("bmc.htpasswd").display(),
    );
    let file = conf(lab, "bmc.conf", &text)?;
    lab.start("bmc", lab.command(tools.join("bin/sushy-emulator")).arg("--config").arg(file))?;
    wait_for("the BMC emulator", Duration::from_secs(60), || {
        if !lab.runs("bmc") {
            bail!("the BMC emulator ended:\n{}", crate::command::tail(&lab.log("bmc"), 20));
        }
        Ok(power::systems(lab).ok().filter(|&count| count == lab.machines.len()).map(drop))
    })
}

/// Where the BMCs without machines are.
pub const FAKE: &str = "http://127.0.0.1:8001";
const NO_MACHINE: &str = "bmc-fake";

/// A BMC without a machine. It asks for no account, and shows a new power state up to eleven seconds late.
#[derive(Debug, Clone)]
pub struct FakeSystem {
    /// Its name, and that of its switch port.
    pub name: String,
    /// The id of the system.
    pub uuid: String,
    /// The address of its only NIC.
    pub mac: String,
}

/// Starts BMCs without machines; one of sushy-tools' own making where none is listed.
pub fn fake(project: &Project, lab: &Lab, systems: &[FakeSystem]) -> Result<()> {
    let tools = python::bmc_tools(project)?;
    let state = lab.folder.join(NO_MACHINE);
    std::fs::create_dir_all(&state)?;
    let shown = |it: &FakeSystem| json!({"uuid": it.uuid, "name": it.name, "power_state": "Off", "external_notifier": 0, "nics": [{"mac": it.mac, "ip": "192.0.2.1"}]});
    let own = match systems {
        [] => String::new(),
        systems => format!("SUSHY_EMULATOR_FAKE_SYSTEMS = {}\n", Value::from_iter(systems.iter().map(shown))),
    };
    let text = format!(
        "SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'\nSUSHY_EMULATOR_LISTEN_PORT = 8001\nSUSHY_EMULATOR_FAKE_DRIVER = True\n\
         SUSHY_EMULATOR_STATE_DIR = '{}'\n{own}",
        state.display()
    );
    let file = conf(lab, "bmc-fake.conf", &text)?;
    lab.start(NO_MACHINE, lab.command(tools.join("bin/sushy-emulator")).arg("--fake").arg("--config").arg(&file))?;
    wait_for("the BMCs without machines", Duration::from_secs(30), || {
        if !lab.runs(NO_MACHINE) {
            bail!("the BMCs without machines ended:\n{}", crate::command::tail(&lab.log(NO_MACHINE), 20));
        }
        Ok(crate::command::output(lab.command("curl").args(["-sS", "--fail", &format!("{FAKE}/redfish/v1/")])).ok())
    })?;
    Ok(())
}

/// What a system without a machine shows.
pub fn fake_system(lab: &Lab, system: &FakeSystem) -> Result<Value> {
    fake_resource(lab, &format!("/redfish/v1/Systems/{}", system.uuid))
}

/// What its virtual drive shows.
pub fn fake_drive(lab: &Lab, system: &FakeSystem) -> Result<Value> {
    fake_resource(lab, &format!("/redfish/v1/Systems/{}/VirtualMedia/Cd", system.uuid))
}

fn fake_resource(lab: &Lab, path: &str) -> Result<Value> {
    let answer = crate::command::output(lab.command("curl").args([
        "-sS",
        "--fail",
        "--max-time",
        "30",
        &format!("{FAKE}{path}"),
    ]))?;
    serde_json::from_str(&answer)
        .with_context(|| format!("the answer of a BMC without a machine to {path} is not JSON"))
}

/// Stops them.
pub fn stop_fake(lab: &Lab) {
    lab.stop(NO_MACHINE);
}
