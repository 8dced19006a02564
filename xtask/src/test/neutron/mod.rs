//! Managed inspection on a real Keystone, Neutron, DHCP agent and a switch whose ports really move.
//!
//! One lab serves all scenarios, in the order of [`SCENARIOS`]: the cloud is dear to start, and some let the waits of the one
//! before pass. **Invariant**: what is said to be put back was asked of the switch, of Neutron, of its DHCP agent and of the BMC,
//! never of Assay alone.

mod boots;
mod bystanders;
mod cloud;
mod failures;
mod fallback;
mod figures;
mod inspector;
mod kills;
mod left;
mod matrix;
mod node;
mod outages;
mod port;
mod silence;
mod two_ports;
mod watch;

use std::env;

use anyhow::Result;

use super::findings::Findings;
use super::{Check, Counts, Group};
use crate::lab::Lab;
use crate::lab::machine::{Firmware, Machine};
use crate::project::Project;
use crate::{assay, setup, ui};
use cloud::Cloud;

pub const CHECKS: &[Check] =
    &[Check { group: Group::Neutron, name: "managed inspection with Keystone and Neutron", run: all }];

type Scenario = fn(&Cloud, &mut Findings) -> Result<()>;

const SCENARIOS: &[(&str, Scenario)] = &[
    ("a bound port, its VLAN and its DHCP", port::life_of_a_port),
    ("stock ramdisk, flat, pxe, UEFI, virtual media, two ports", boots::all),
    ("what an inspection takes", figures::measure),
    ("failures on the way to the ramdisk", failures::on_the_way),
    ("node, options and ports changed in the middle", bystanders::changed),
    ("Neutron's answers lost, its clean-up refused, its API gone", outages::neutron),
    ("kill -9 in every phase", kills::everywhere),
    ("kill -9 at each journal state of each effect", matrix::all),
    ("fall back, where unmanaged boot is allowed; silent ramdisks; what the kills owe", fallback::allowed),
    ("fall back, where managed boot is required", fallback::required),
    ("ironic-inspector 12.5.0", inspector::external),
];

/// Only the scenarios whose name has one of these words in it, parted by commas: for who works on some.
const ONLY: &str = "ASSAY_SCENARIO";

/// The machines by their place: each scenario knows its own.
mod place {
    /// BIOS, with the memory for the stock ramdisk.
    pub const LARGE: usize = 0;
    /// BIOS, with two network interfaces.
    pub const TWO_NICS: usize = 1;
    /// UEFI.
    pub const UEFI: usize = 2;
    /// BIOS.
    pub const FIRST: usize = 3;
    /// BIOS.
    pub const SECOND: usize = 4;
}

fn machines() -> Vec<Machine> {
    vec![
        Machine::large(1, Firmware::Bios),
        Machine::small(2, Firmware::Bios).with_second_nic(),
        Machine::small(3, Firmware::Uefi),
        Machine::small(4, Firmware::Bios),
        Machine::small(5, Firmware::Bios),
    ]
}

fn all(project: &Project) -> Result<Counts> {
    setup::everything(project)?;
    setup::neutron(project)?;
    let binary = assay::build_to_be_killed(project)?;
    let lab = Lab::up(project, machines())?;
    let mut findings = Findings::default();
    let cloud = ui::step("Keystone, Neutron, agents", || Cloud::up(project, &lab, binary));
    if let Some(cloud) = findings.works("the cloud", cloud) {
        play(&cloud, &mut findings);
    }
    if findings.counts.failed > 0 {
        let logs = lab.save_logs(project, "neutron")?;
        ui::say(&format!("    logs: {}", logs.display()));
    }
    Ok(findings.counts)
}

fn play(cloud: &Cloud, findings: &mut Findings) {
    let only = env::var(ONLY).unwrap_or_default();
    let wanted = |name: &str| only.split(',').any(|word| name.contains(word));
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| wanted(name)) {
        let failed = findings.counts.failed;
        // A failure is told where it happens; the step only has to end with the right mark.
        let end = ui::step(name, || {
            scenario(cloud, findings)?;
            anyhow::ensure!(findings.counts.failed == failed, "not as expected");
            Ok(())
        });
        if findings.counts.failed == failed {
            findings.works(name, end);
        }
    }
}
