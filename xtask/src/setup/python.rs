//! Python tools from PyPI, each set in a virtual environment of its own in the cache, from a pinned list under `lab/python/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::project::{Project, read};
use crate::stamp;

/// Debian's own Python: its libvirt binding and its minor version (that of the ramdisk) are what the lists are made for.
const PYTHON: &str = "/usr/bin/python3";

/// The Redfish BMC emulator (sushy-tools), with the binding to this machine's libvirt.
pub fn bmc_tools(project: &Project) -> Result<PathBuf> {
    environment(project, "bmc", "Redfish BMC emulator (sushy-tools)")
}

/// The stock clients of the bare metal API, `openstack` and `baremetal`.
pub fn stock_clients(project: &Project) -> Result<PathBuf> {
    environment(project, "clients", "stock clients (python-ironicclient)")
}

/// The real ironic-inspector, for the `inspector` inspect interface.
pub fn ironic_inspector(project: &Project) -> Result<PathBuf> {
    environment(project, "inspector", "ironic-inspector 12.5.0")
}

/// The real Ironic, for comparison.
pub fn ironic(project: &Project) -> Result<PathBuf> {
    environment(project, "ironic", "Ironic 39.0.0")
}

/// Keystone and Neutron, with the driver of the lab's switch.
pub fn neutron(project: &Project) -> Result<PathBuf> {
    environment(project, "neutron", "Keystone 30 and Neutron 29")
}

/// Installs the packages of a list into a plain folder, for a ramdisk with the same Python.
pub fn packages_for_ramdisk(project: &Project, list: &str, folder: &std::path::Path) -> Result<()> {
    let tools = bmc_tools(project)?;
    let mut pip = Command::new(tools.join("bin/pip"));
    pip.args(["install", "-q", "--no-deps", "--no-compile", "--target"])
        .arg(folder)
        .arg("-r")
        .arg(list_file(project, list));
    command::quiet(&mut pip, &project.log(&format!("pip {list}"))?)
}

/// The pinned list of a set of Python packages.
pub fn list_file(project: &Project, name: &str) -> PathBuf {
    project.lab_file("python").join(format!("{name}.txt"))
}

fn environment(project: &Project, name: &str, what: &str) -> Result<PathBuf> {
    let folder = project.cache.join(format!("python-{name}"));
    let list = list_file(project, name);
    stamp::build_once(what, &folder, &read(&list)?, || {
        let log = project.log(&format!("pip {name}"))?;
        command::quiet(Command::new(PYTHON).args(["-m", "venv"]).arg(&folder), &log)?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "-q", "--no-deps", "-r"]).arg(&list);
        command::quiet(&mut pip, &log)
    })?;
    Ok(folder)
}
