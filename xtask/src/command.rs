//! Running other programs: quietly into a log file, for their output, or in the background.
//!
//! **Invariant**: a program that we started never outlives the wait for it; each has a process group of its own, so that a
//! Ctrl-C at the terminal reaches us alone and we decide who stops when.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::interrupt;

/// Runs a program with its output in `log`; on failure the error carries the log's end.
pub fn quiet(command: &mut Command, log: &Path) -> Result<()> {
    let status = logged(command, log)?;
    succeeded(command, status, log)
}

/// As [`quiet`], for a program that must not be cut in the middle: a Ctrl-C is handed to it, and it ends when it can.
pub fn quiet_to_the_end(command: &mut Command, log: &Path) -> Result<()> {
    let mut child = start(into(command, log)?)?;
    let mut told = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt::asked() && !told {
            kill_process(Pid::from_child(&child), Signal::INT).ok();
            told = true;
        }
        thread::sleep(Duration::from_millis(25));
    };
    interrupt::check()?;
    succeeded(command, status, log)
}

fn succeeded(command: &Command, status: ExitStatus, log: &Path) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status}); see {}\n{}", name(command), log.display(), tail(log, 30));
    }
    Ok(())
}

/// Runs a program with its output in `log`, and gives how it ended.
pub fn logged(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    wait(start(into(command, log)?)?)
}

fn into<'a>(command: &'a mut Command, log: &Path) -> Result<&'a mut Command> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = file.try_clone()?;
    Ok(command.stdin(Stdio::null()).stdout(file).stderr(errors))
}

/// Runs a program and gives what it printed; fails with what it said on the error stream.
pub fn output(command: &mut Command) -> Result<String> {
    interrupt::check()?;
    let shown = name(command);
    let mut child = start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let (stdout, stderr) = (read_beside(child.stdout.take()), read_beside(child.stderr.take()));
    let status = wait(child)?;
    printed(&shown, &Output { status, stdout: all_of(stdout), stderr: all_of(stderr) })
}

/// As [`output`], also when somebody has asked us to stop: for the clean-up.
pub fn output_uninterrupted(command: &mut Command) -> Result<String> {
    let shown = name(command);
    let result =
        command.stdin(Stdio::null()).process_group(0).output().with_context(|| format!("cannot start {shown}"))?;
    printed(&shown, &result)
}

fn read_beside(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).ok();
        }
        bytes
    })
}

fn all_of(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    reader.join().unwrap_or_default()
}

fn printed(shown: &str, result: &Output) -> Result<String> {
    if !result.status.success() {
        let said = if result.stderr.is_empty() { &result.stdout } else { &result.stderr };
        bail!("{shown} failed ({}): {}", result.status, String::from_utf8_lossy(said).trim());
    }
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// Starts a program in a process group of its own.
pub fn start(command: &mut Command) -> Result<Child> {
    let shown = name(command);
    command.process_group(0).spawn().with_context(|| format!("cannot start {shown}"))
}

/// Waits for a program; a Ctrl-C stops it first.
pub fn wait(mut child: Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            interrupt::check()?;
            return Ok(status);
        }
        if interrupt::asked() {
            stop(&mut child);
            bail!("interrupted");
        }
        thread::sleep(Duration::from_millis(25));
    }
}

/// Stops a program and all that it started: asks first, insists after ten seconds.
pub fn stop(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    kill_process_group(group, Signal::TERM).ok();
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(25));
    }
    kill_process_group(group, Signal::KILL).ok();
    child.wait().ok();
}

/// The last lines of a log file.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn name(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args().take(4)).collect();
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
