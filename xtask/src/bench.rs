//! `cargo xtask bench`: the simulator against an optimised build, as a table.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::command;
use crate::project::Project;
use crate::ui;

/// The profile of the workspace that is the release's code but is built in less time.
pub const PROFILE: &str = "measured";

/// Builds the binary and runs the benchmark with these arguments.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    ui::step("build assay and the benchmark (optimised)", || {
        let mut build = project.cargo();
        build.args([
            "build",
            "--profile",
            PROFILE,
            "--locked",
            "--package",
            "assay",
            "--package",
            "assay-sim",
            "--bin",
            "assay",
            "--example",
            "bench",
        ]);
        command::quiet(&mut build, &project.log("build bench")?)
    })?;
    let built = project.target().join(PROFILE);
    let mut bench = Command::new(built.join("examples/bench"));
    bench.arg("--assay").arg(built.join("assay")).args(arguments);
    let status = command::wait(command::start(&mut bench)?)?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}
