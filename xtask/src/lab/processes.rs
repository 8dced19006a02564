//! The background programs of a lab: each is written down as `pids/<name>`, a pid and its start time, so that whoever finds the
//! folder can stop exactly these and never a stranger that got the same pid.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::command;
use crate::project::write;

const OWNER: &str = "owner";
/// How long a program may take to end when the whole lab goes.
const BRIEF: Duration = Duration::from_secs(3);

/// A process as the folder remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    /// Field 22 of `/proc/<pid>/stat`, in clock ticks since the boot.
    began: u64,
}

/// Starts a program and writes it down; its output goes to the end of its log.
pub fn start(folder: &Path, name: &str, program: &mut Command) -> Result<()> {
    let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log")))?;
    let errors = log.try_clone()?;
    let child = command::start(program.stdin(Stdio::null()).stdout(log).stderr(errors))?;
    record(&pid_file(folder, name)?, i32::try_from(child.id())?)
}

/// Stops one program: asks first, insists after ten seconds.
pub fn stop(folder: &Path, name: &str) {
    if let Ok(file) = pid_file(folder, name) {
        stop_recorded(&file);
        fs::remove_file(file).ok();
    }
}

/// Kills one program: it can save nothing.
pub fn kill(folder: &Path, name: &str) {
    let Ok(file) = pid_file(folder, name) else { return };
    if let Some(process) = recorded(&file) {
        insist(&[process], Signal::KILL, Duration::from_secs(5));
        reap(&[process]);
    }
    fs::remove_file(file).ok();
}

/// Stops all programs at once, and without much patience: with the lab, all that one of them could still save goes.
pub fn stop_all(folder: &Path) {
    let files: Vec<PathBuf> = fs::read_dir(folder.join("pids"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    end_all(&files.iter().filter_map(|file| recorded(file)).collect::<Vec<_>>(), BRIEF);
    for file in files {
        fs::remove_file(file).ok();
    }
}

/// Stops processes by their pids.
pub fn stop_these(pids: &[i32]) {
    end_all(&pids.iter().copied().filter_map(running).collect::<Vec<_>>(), BRIEF);
}

/// Whether the program of this name runs.
pub fn runs(folder: &Path, name: &str) -> bool {
    pid_file(folder, name).ok().and_then(|file| recorded(&file)).is_some_and(alive)
}

/// The process of the program of this name.
pub fn id(folder: &Path, name: &str) -> Result<i32> {
    let process = recorded(&pid_file(folder, name)?).with_context(|| format!("{name} was not started"))?;
    Ok(process.pid)
}

/// The most memory that the program of this name has held, in KiB.
pub fn peak_memory(folder: &Path, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", id(folder, name)?))?;
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    peak.with_context(|| format!("the kernel tells no peak of {name}"))
}

/// Writes down that this task runner uses the lab.
pub fn record_owner(folder: &Path) -> Result<()> {
    record(&folder.join(OWNER), i32::try_from(std::process::id())?)
}

/// Writes down that the lab is to stay when this task runner ends.
pub fn forget_owner(folder: &Path) -> Result<()> {
    write(&folder.join(OWNER), "kept")
}

/// Whether a task runner uses the lab now.
pub fn owned(folder: &Path) -> bool {
    recorded(&folder.join(OWNER)).is_some_and(alive)
}

/// Whether the lab's task runner died without taking it down.
pub fn abandoned(folder: &Path) -> bool {
    recorded(&folder.join(OWNER)).is_some_and(|owner| !alive(owner))
}

fn pid_file(folder: &Path, name: &str) -> Result<PathBuf> {
    let pids = folder.join("pids");
    fs::create_dir_all(&pids)?;
    Ok(pids.join(name))
}

fn record(file: &Path, pid: i32) -> Result<()> {
    let process = running(pid).with_context(|| format!("{} ended at once", file.display()))?;
    write(file, &format!("{} {}", process.pid, process.began))
}

fn recorded(file: &Path) -> Option<Process> {
    let text = fs::read_to_string(file).ok()?;
    let (pid, began) = text.split_once(' ')?;
    Some(Process { pid: pid.parse().ok()?, began: began.parse().ok()? })
}

/// The process with this pid, if it runs; one that only waits for its parent to look (state Z) does not.
fn running(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so we count from its end: state is the first field after it, start the 20th.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    if *fields.first()? == "Z" {
        return None;
    }
    Some(Process { pid, began: fields.get(19)?.parse().ok()? })
}

fn alive(process: Process) -> bool {
    running(process.pid) == Some(process)
}

fn stop_recorded(file: &Path) {
    if let Some(process) = recorded(file) {
        end(process);
    }
}

fn end(process: Process) {
    end_all(&[process], Duration::from_secs(10));
}

/// Ends these: asks all first, insists when the patience is over.
fn end_all(processes: &[Process], patience: Duration) {
    insist(processes, Signal::TERM, patience);
    insist(processes, Signal::KILL, Duration::from_secs(5));
    reap(processes);
}

/// Sends a signal to those that live, and waits for their end.
fn insist(processes: &[Process], signal: Signal, patience: Duration) {
    for process in processes.iter().filter(|process| alive(**process)) {
        Pid::from_raw(process.pid).map(|pid| kill_process(pid, signal).ok());
    }
    let until = Instant::now() + patience;
    while processes.iter().any(|process| alive(*process)) && Instant::now() < until {
        thread::sleep(Duration::from_millis(25));
    }
}

/// Those that we started ourselves wait for our look; for others this is an error without a meaning.
fn reap(processes: &[Process]) {
    for process in processes {
        Pid::from_raw(process.pid).map(|pid| waitpid(Some(pid), WaitOptions::NOHANG).ok());
    }
}
