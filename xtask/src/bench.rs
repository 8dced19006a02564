//! `cargo xtask bench`: the simulator against an optimised build, as a table; a real Ironic beside it, if that is asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::command;
use crate::judge::peer;
use crate::lab::{Lab, mariadb};
use crate::project::Project;
use crate::setup;
use crate::ui;

/// The profile of the workspace that is the release's code but is built in less time.
pub const PROFILE: &str = "measured";

/// Builds the binary and runs the benchmark with these arguments.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let built = build(project)?;
    measure(Command::new(built.join("examples/bench")), &built, arguments)
}

/// The same, with Ironic on MariaDB as the peer. All of them run in a lab's network.
pub fn run_beside_ironic(project: &Project, arguments: &[String]) -> Result<()> {
    setup::everything(project)?;
    setup::databases(project)?;
    let built = build(project)?;
    let lab = ui::step("an empty lab", || Lab::up(project, Vec::new()))?;
    ui::step("Ironic 39.0.0 on MariaDB", || {
        mariadb::up(project, &lab)?;
        peer::start(project, &lab, peer::Database::MariaDb)
    })?;
    let mut bench = lab.command(built.join("examples/bench"));
    bench.args(["--peer", peer::API, "--peer-process", &lab.process(peer::NAME)?.to_string()]);
    measure(bench, &built, arguments)
}

/// Gives the folder of what was built.
fn build(project: &Project) -> Result<PathBuf> {
    ui::step("build assay and the benchmark (optimised)", || {
        let mut build = project.cargo();
        build.args(["build", "--profile", PROFILE, "--locked", "--package", "assay", "--package", "assay-sim"]);
        build.args(["--bin", "assay", "--example", "bench"]);
        command::quiet(&mut build, &project.log("build bench")?)
    })?;
    Ok(project.target().join(PROFILE))
}

fn measure(mut bench: Command, built: &Path, arguments: &[String]) -> Result<()> {
    bench.arg("--assay").arg(built.join("assay")).args(arguments);
    let status = command::wait(command::start(&mut bench)?)?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}
