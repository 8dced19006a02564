//! A task runner that is told to stop while its lab comes up leaves nothing of it on this computer.

use std::env;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::findings::Findings;
use super::{Check, Counts, Group};
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::{self, inhabitants};
use crate::project::{Project, read};
use crate::setup;

pub const CHECKS: &[Check] = &[Check { group: Group::Lab, name: "Ctrl-C while a lab comes up", run: stopped }];

/// Which of the lab's programs has just been started, and how the task runner is told to stop: a Ctrl-C, by a supervisor, by the
/// end of the terminal.
const MOMENTS: &[(&str, Signal)] = &[("ovsdb-server", Signal::INT), ("libvirtd", Signal::TERM), ("bmc", Signal::HUP)];

fn stopped(project: &Project) -> Result<Counts> {
    setup::everything(project)?;
    let mut findings = Findings::default();
    for (program, signal) in MOMENTS {
        findings.works(&format!("{signal:?} when {program} starts"), stopped_at(program, *signal));
    }
    Ok(findings.counts)
}

fn stopped_at(program: &str, signal: Signal) -> Result<()> {
    let mut runner = Command::new(env::current_exe()?);
    let mut runner = command::start(runner.args(["lab", "up"]).stdin(Stdio::null()).stdout(Stdio::null()))?;
    let result = stop_when(&mut runner, program, signal);
    command::stop(&mut runner);
    result
}

fn stop_when(runner: &mut Child, program: &str, signal: Signal) -> Result<()> {
    let name = lab::name_of(runner.id(), 0);
    let folder = lab::folder_of(&name);
    wait_for(program, Duration::from_secs(60), || Ok(folder.join("pids").join(program).exists().then_some(())))?;
    let namespace = inhabitants::namespace(&name).context("the lab has no network namespace")?;
    kill_process(Pid::from_child(runner), signal)?;
    let status = wait_for("the task runner's end", Duration::from_secs(30), || Ok(runner.try_wait()?))?;
    ensure!(status.code() == Some(130), "the task runner ended with {status}");
    ensure!(!folder.exists(), "{} is left", folder.display());
    ensure!(inhabitants::namespace(&name).is_none(), "the network namespace is left");
    let living = inhabitants::of(&name, Some(namespace));
    ensure!(living.is_empty(), "these processes are left: {living:?}");
    ensure!(!read("/proc/self/mountinfo".as_ref())?.contains(&name), "a mount is left");
    Ok(())
}
