//! `cargo xtask soak`: the run engine for longer than a test run has time for.

use std::process::Command;

use anyhow::{Result, ensure};
use clap::Subcommand;

use crate::bench::PROFILE;
use crate::command;
use crate::project::Project;
use crate::ui;

#[derive(Debug, Subcommand)]
pub enum Soak {
    /// Random, duplicate and late events for `step`; failing cases are kept in the tree, and replayed by the tests
    Steps {
        /// How many
        #[arg(long, default_value_t = 1_000_000)]
        cases: u32,
    },
    /// Worlds of chance under virtual time; a failing seed is printed with how to play it again
    Worlds {
        /// How many
        #[arg(long, default_value_t = 100_000)]
        runs: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
}

pub fn run(project: &Project, what: &Soak) -> Result<()> {
    match what {
        Soak::Steps { cases } => steps(project, *cases),
        Soak::Worlds { runs, seed } => worlds(project, *runs, *seed),
    }
}

fn steps(project: &Project, cases: u32) -> Result<()> {
    let mut test = project.cargo();
    test.args([
        "test",
        "--profile",
        PROFILE,
        "--locked",
        "--package",
        "assay-core",
        "--lib",
        "random_duplicate_and_late",
    ]);
    ui::step(&format!("{cases} cases of random events"), || {
        command::quiet(test.env("ASSAY_CASES", cases.to_string()), &project.log("soak steps")?)
    })
}

fn worlds(project: &Project, runs: u64, seed: u64) -> Result<()> {
    ui::step("build the worlds (optimised)", || {
        let mut build = project.cargo();
        build.args(["build", "--profile", PROFILE, "--locked", "--package", "assay-sim", "--example", "soak"]);
        command::quiet(&mut build, &project.log("build soak")?)
    })?;
    let mut soak = Command::new(project.target().join(PROFILE).join("examples/soak"));
    soak.args(["--runs", &runs.to_string(), "--seed", &seed.to_string()]);
    let status = command::wait(command::start(&mut soak)?)?;
    ensure!(status.success(), "some worlds went wrong ({status})");
    Ok(())
}
