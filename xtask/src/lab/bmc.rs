//! The machines' BMCs: sushy-tools, one Redfish service in front of libvirt.

use std::time::Duration;

use anyhow::{Result, bail};

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
