//! Cargo as a check: a command that must succeed, or tests that are counted.

use std::process::Command;

use anyhow::{Result, bail};

use super::counts::{self, Counts};
use crate::command;
use crate::project::{Project, read};
use crate::ui;

/// One passed check, when the command succeeds.
pub fn succeeds(project: &Project, name: &str, cargo: &mut Command) -> Result<Counts> {
    command::quiet(cargo, &project.log(name)?)?;
    Ok(Counts { passed: 1, failed: 0 })
}

/// Runs `cargo test` and counts its tests; those of a failing run are shown.
pub fn tests(project: &Project, name: &str, cargo: &mut Command, elsewhere: &[&str]) -> Result<Counts> {
    let log = project.log(name)?;
    let status = command::logged(cargo.env("RUST_BACKTRACE", "0"), &log)?;
    let output = read(&log)?;
    let counts = counts::of_cargo_test(&output, elsewhere);
    if counts.passed + counts.failed == 0 {
        bail!("no test ran ({status}); see {}\n{}", log.display(), command::tail(&log, 40));
    }
    if counts.failed > 0 {
        show(&output);
        ui::say(&format!("    the whole output is in {}", log.display()));
        return Ok(counts);
    }
    if !status.success() {
        bail!(
            "every test passed, but cargo test ended with {status}; see {}\n{}",
            log.display(),
            command::tail(&log, 20)
        );
    }
    Ok(counts)
}

/// Shows the failures of a run: from cargo's word `failures:` to the closing line of each binary, and what is ignored.
fn show(output: &str) {
    let mut failing = false;
    for line in output.lines() {
        failing = (failing || line == "failures:") && !line.starts_with("test result:");
        if failing || line.ends_with("... ignored") || line.contains("... ignored,") {
            ui::say(&format!("    {line}"));
        }
    }
}
