//! The BMC drivers against real emulators: sushy-tools, whose fake driver has no machine and whose libvirt driver has one;
//! OpenIPMI's simulator, which has none, and virtualbmc, which has the same one.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::command;
use crate::lab::machine::{Firmware, Machine};
use crate::lab::{Lab, MANAGEMENT, REDFISH, bmc, ipmi};
use crate::project::Project;
use crate::setup;

pub const CHECKS: &[Check] =
    &[Check { group: Group::Bmc, name: "Redfish and IPMI against BMC emulators", run: emulators }];

/// The drivers' tests that need a BMC, by the path of their source.
pub const TESTS: [&str; 2] = ["tests/redfish", "tests/ipmi"];

fn emulators(project: &Project) -> Result<Counts> {
    setup::everything(project)?;
    let arguments = ["test", "--package", "assay-drivers", "--test", "redfish", "--test", "ipmi", "--locked"];
    command::quiet(project.cargo().args(arguments).arg("--no-run"), &project.log("build BMC tests")?)?;
    // The libvirt driver tells the boot mode of a UEFI machine only.
    let lab = Lab::up(project, vec![Machine::small(1, Firmware::Uefi)])?;
    bmc::fake(project, &lab, &[])?;
    ipmi::sim(&lab)?;
    ipmi::virtualbmc(project, &lab)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root)
        .args(arguments)
        .args(["--offline", "--", "--include-ignored", "--test-threads=1"])
        .env("ASSAY_TEST_REDFISH_FAKE", bmc::FAKE)
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
