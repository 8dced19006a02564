//! `cargo xtask test`: every check of the project with its own set-up, in groups.
//!
//! **Invariant**: nothing is skipped. A real part that can't be set up is a failure, and so is an ignored test that no group runs.

mod api;
mod bmc;
mod cargo;
mod counts;
mod crash;
mod databases;
mod findings;
mod inspector;
mod interruption;
mod lint;
mod machines;
mod neutron;
mod unit;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use crate::interrupt;
use crate::project::Project;
use crate::ui;
pub use counts::Counts;

/// A group of checks, in the order in which they run: the quick ones first, machines and cargo never at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// Format, clippy, documentation, and the project's own rules
    Lint,
    /// Unit, property and in-process tests of every crate
    Unit,
    /// The store on PostgreSQL and MariaDB
    Databases,
    /// The Redfish driver against a real BMC emulator, without and with libvirt behind it
    Bmc,
    /// The API as the stock clients see it
    Api,
    /// Emulated machines that network-boot and are inspected: BIOS, UEFI, the stock ramdisk
    Lab,
    /// A real ironic-inspector behind the inspect interface, and the built-in service with the stock client
    Inspector,
    /// A real Keystone and Neutron that move the machines' switch ports
    Neutron,
    /// kill -9 at every point of the journal, restart, audit
    Crash,
}

/// One check of a group; it may hold many tests, and each counts.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The group it belongs to.
    pub group: Group,
    /// Its name.
    pub name: &'static str,
    /// Runs it; an error counts as one failure.
    pub run: fn(&Project) -> Result<Counts>,
}

fn checks() -> Vec<Check> {
    [
        lint::CHECKS,
        unit::CHECKS,
        databases::CHECKS,
        bmc::CHECKS,
        api::CHECKS,
        machines::CHECKS,
        interruption::CHECKS,
        inspector::CHECKS,
        neutron::CHECKS,
        crash::CHECKS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Names the groups and their checks.
pub fn list() {
    for group in Group::value_variants() {
        let value = group.to_possible_value();
        let (name, help) = value.as_ref().map_or(("", None), |value| (value.get_name(), value.get_help()));
        ui::say(&format!("{} {}", ui::bold(&format!("{name:<9}")), help.map(ToString::to_string).unwrap_or_default()));
        for check in checks().iter().filter(|check| check.group == *group) {
            ui::say(&format!("           {}", check.name));
        }
    }
}

/// Runs the groups (none given: all), of their checks those with `only` in the name, and closes with one line that counts.
pub fn run(project: &Project, groups: &[Group], only: Option<&str>) -> Result<ExitCode> {
    let began = Instant::now();
    let mut total = Counts::default();
    let wanted = |check: &Check| {
        (groups.is_empty() || groups.contains(&check.group)) && only.is_none_or(|word| check.name.contains(word))
    };
    let mut heading = None;
    for check in checks().iter().filter(|check| wanted(check)) {
        if heading.replace(check.group) != Some(check.group) {
            ui::heading(&name(check.group));
        }
        total += one(project, check);
        interrupt::check()?;
    }
    ui::say(&format!("\ntook {}", ui::seconds(began.elapsed())));
    ui::say(&format!("{} passed, {} failed", total.passed, total.failed));
    Ok(if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn name(group: Group) -> String {
    group.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn one(project: &Project, check: &Check) -> Counts {
    let result = ui::step(check.name, || {
        let counts = (check.run)(project)?;
        anyhow::ensure!(counts.failed == 0, Failed(counts));
        Ok(counts)
    });
    result.unwrap_or_else(|error| {
        if let Some(Failed(counts)) = error.downcast_ref() {
            return *counts;
        }
        ui::say(&format!("    {}", format!("{error:#}").replace('\n', "\n    ")));
        Counts { passed: 0, failed: 1 }
    })
}

/// Tests that ran and failed; their output is on the terminal already.
#[derive(Debug)]
struct Failed(Counts);

impl std::fmt::Display for Failed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} failed", self.0.failed)
    }
}

impl std::error::Error for Failed {}
