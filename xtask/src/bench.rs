//! `cargo xtask bench`: the simulator against the release build, as a table.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::command;
use crate::project::Project;
use crate::ui;

/// Builds the release binary and runs the benchmark with these arguments.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    ui::step("build assay and the benchmark (release)", || {
        let mut build = project.cargo();
        build.args([
            "build",
            "--release",
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
    let release = project.target().join("release");
    let mut bench = Command::new(release.join("examples/bench"));
    bench.arg("--assay").arg(release.join("assay")).args(arguments);
    let status = command::wait(command::start(&mut bench)?)?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}
