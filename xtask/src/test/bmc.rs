//! The BMC drivers against real emulators: sushy-tools, whose fake driver has no machine and whose libvirt driver has one;
//! OpenIPMI's simulator, which has none, and virtualbmc, which has the same one.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Check, Counts, Group, cargo};
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::machine::{Firmware, Machine};
use crate::lab::{Lab, MANAGEMENT, REDFISH, bmc, ipmi};
use crate::project::{Project, write};
use crate::setup;

pub const CHECKS: &[Check] =
    &[Check { group: Group::Bmc, name: "Redfish and IPMI against BMC emulators", run: emulators }];

/// The drivers' tests that need a BMC, by the path of their source.
pub const TESTS: [&str; 2] = ["tests/redfish", "tests/ipmi"];

const FAKE_PORT: u16 = 8001;

fn emulators(project: &Project) -> Result<Counts> {
    setup::everything(project)?;
    let arguments = ["test", "--package", "assay-drivers", "--test", "redfish", "--test", "ipmi", "--locked"];
    command::quiet(project.cargo().args(arguments).arg("--no-run"), &project.log("build BMC tests")?)?;
    // The libvirt driver tells the boot mode of a UEFI machine only.
    let lab = Lab::up(project, vec![Machine::small(1, Firmware::Uefi)])?;
    start_fake(project, &lab)?;
    ipmi::sim(&lab)?;
    ipmi::virtualbmc(project, &lab)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root)
        .args(arguments)
        .args(["--offline", "--", "--include-ignored", "--test-threads=1"])
        .env("ASSAY_TEST_REDFISH_FAKE", format!("http://127.0.0.1:{FAKE_PORT}"))
        .env("ASSAY_TEST_REDFISH_LIBVIRT", REDFISH)
        .env("ASSAY_TEST_REDFISH_ACCOUNT", bmc::USER)
        .env("ASSAY_TEST_IPMI_SIM", format!("127.0.0.1:{}", ipmi::SIM_PORT))
        .env("ASSAY_TEST_IPMI_VIRTUALBMC", format!("{MANAGEMENT}:{}", ipmi::port_of(&lab.machines[0])));
    let counts = cargo::tests(project, "bmc", &mut test, &[]);
    if !matches!(counts, Ok(Counts { failed: 0, .. })) {
        lab.save_logs(project, "bmc")?;
    }
    counts
}

/// The fake driver: one system without a machine behind it, and no authentication.
fn start_fake(project: &Project, lab: &Lab) -> Result<()> {
    let tools = setup::python::bmc_tools(project)?;
    let file = lab.folder.join("fake-bmc.conf");
    let text = format!(
        "SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'\nSUSHY_EMULATOR_LISTEN_PORT = {FAKE_PORT}\nSUSHY_EMULATOR_FAKE_DRIVER = True\n\
         SUSHY_EMULATOR_STATE_DIR = '{}/fake-bmc'\n",
        lab.folder.display()
    );
    std::fs::create_dir_all(lab.folder.join("fake-bmc"))?;
    write(&file, &text)?;
    lab.start("fake-bmc", lab.command(tools.join("bin/sushy-emulator")).arg("--fake").arg("--config").arg(&file))?;
    let root = format!("http://127.0.0.1:{FAKE_PORT}/redfish/v1/");
    wait_for("the fake BMC", Duration::from_secs(30), || {
        if !lab.runs("fake-bmc") {
            bail!("the fake BMC ended:\n{}", command::tail(&lab.log("fake-bmc"), 20));
        }
        Ok(command::output(lab.command("curl").args(["-sS", "--fail", &root])).ok())
    })?;
    Ok(())
}
