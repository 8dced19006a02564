//! `cargo xtask demo`: one emulated machine is inspected by the stock ramdisk, live, from nothing to a stored inventory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::assay;
use crate::client::Client;
use crate::command;
use crate::images;
use crate::interrupt;
use crate::lab::machine::{Firmware, Machine};
use crate::lab::{INSPECTION, INSPECTION_INTERFACE, Lab, power, segment};
use crate::project::Project;
use crate::setup;
use crate::ui::{self, step};

/// How long the inspection may take before the demo gives up, in seconds; with an idle processor it takes about 40.
const PATIENCE: &str = "420";

/// Runs the demo; whatever happens, the machine, the lab and the service are stopped when it returns.
pub fn run(project: &Project) -> Result<()> {
    let began = Instant::now();
    ui::heading("1. Set-up");
    let binary = set_up(project)?;
    ui::heading("2. A machine with a Redfish BMC, on a network segment of its own");
    let lab = step("switch, machine, BMC", || Lab::up(project, vec![Machine::large(1, Firmware::Bios)]))?;
    let result = show(project, &lab, &binary);
    if result.is_err() && !interrupt::asked() {
        ui::say(&format!("The service said:\n{}", command::tail(&lab.log(assay::SERVICE), 15)));
        ui::say(&format!("All logs and the machine's console: {}", lab.save_logs(project, "demo")?.display()));
    }
    step("stop everything", || {
        drop(lab);
        Ok(())
    })?;
    result?;
    ui::say(&format!(
        "\n{} {}\n",
        ui::paint("32", "The machine is inspected, powered off, and nothing is left behind."),
        ui::seconds(began.elapsed())
    ));
    Ok(())
}

/// The set-up waits for the network more than for the processor, so the build goes on beside it.
fn set_up(project: &Project) -> Result<PathBuf> {
    thread::scope(|scope| {
        let build = scope.spawn(|| assay::compile(project));
        setup::everything(project)?;
        step("build assay", || build.join().unwrap_or_else(|_| bail!("the build's thread died")))
    })
}

fn show(project: &Project, lab: &Lab, binary: &Path) -> Result<()> {
    let machine = &lab.machines[0];
    ui::heading("3. Assay, without a configuration file");
    step("assay serve", || assay::serve(project, lab, binary, &images::ipa(project)?, &[]))?;
    ui::say(&format!("    DHCP, TFTP and HTTP at {INSPECTION} on {INSPECTION_INTERFACE}, the API at {}", assay::API));
    ui::heading("4. The node, by the stock client");
    let client = Client::new(project, lab)?;
    step(&format!("baremetal node create, port create ({})", machine.mac()), || client.enrol(machine, &[]))?;
    step("baremetal node manage --wait", || client.run(&["node", "manage", &machine.name, "--wait", "60"]))?;
    ui::heading("5. The inspection, live");
    step("baremetal node inspect", || client.run(&["node", "inspect", &machine.name]))?;
    watch(lab, binary, machine)?;
    ui::heading("6. What is left");
    step("manageable, powered off, nobody answers its DHCP", || nothing_left(lab, binary, machine))
}

fn watch(lab: &Lab, binary: &Path, machine: &Machine) -> Result<()> {
    let mut watch: Command = assay::client(lab, binary, "inspect");
    watch.args([&machine.name, "--watch", "--no-start", "--timeout", PATIENCE]).stdin(Stdio::null());
    let status = command::wait(command::start(&mut watch)?)?;
    ensure!(status.success(), "the inspection did not succeed ({status})");
    Ok(())
}

fn nothing_left(lab: &Lab, binary: &Path, machine: &Machine) -> Result<()> {
    let state = assay::node_field(lab, &machine.name, "provision_state")?;
    ensure!(state == "manageable", "the node is {state}");
    let power = power::state(lab, machine)?;
    ensure!(power == "Off", "the BMC says that the machine is {power}");
    ensure!(!segment::offers_address(lab, &machine.mac())?, "somebody still offers the machine an address");
    command::output(&mut assay::client(lab, binary, "audit")).map(drop)
}
