//! The Redfish driver against sushy-tools: its fake driver, and its libvirt driver with an emulated machine behind it.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Check, Counts, Group, cargo};
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::machine::{Firmware, Machine};
use crate::lab::{Lab, REDFISH, bmc};
use crate::project::{Project, write};
use crate::setup;

pub const CHECKS: &[Check] = &[Check { group: Group::Bmc, name: "redfish against sushy-tools", run: redfish }];

/// The driver's tests that need a BMC, by the path of their source.
pub const TESTS: &str = "tests/redfish";

const FAKE_PORT: u16 = 8001;

fn redfish(project: &Project) -> Result<Counts> {
    setup::everything(project)?;
    let mut build = project.cargo();
    command::quiet(
        build.args(["test", "--package", "assay-drivers", "--test", "redfish", "--no-run", "--locked"]),
        &project.log("build redfish tests")?,
    )?;
    // The libvirt driver tells the boot mode of a UEFI machine only.
    let lab = Lab::up(project, vec![Machine::small(1, Firmware::Uefi)])?;
    start_fake(project, &lab)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root)
        .args(["test", "--package", "assay-drivers", "--test", "redfish", "--offline", "--locked"])
        .args(["--", "--include-ignored", "--test-threads=1"])
        .env("ASSAY_TEST_REDFISH_FAKE", format!("http://127.0.0.1:{FAKE_PORT}"))
        .env("ASSAY_TEST_REDFISH_LIBVIRT", REDFISH)
        .env("ASSAY_TEST_REDFISH_ACCOUNT", bmc::USER);
    let counts = cargo::tests(project, "redfish", &mut test, &[]);
    if !matches!(counts, Ok(Counts { failed: 0, .. })) {
        lab.save_logs(project, "redfish")?;
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
