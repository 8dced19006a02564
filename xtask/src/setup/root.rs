//! Network namespaces, packages and virtual machines want root: a verb that needs them starts itself again through sudo.

use std::env;
use std::process::{Command, exit};

use anyhow::{Context, Result, bail};

use crate::command;
use crate::project::Project;
use crate::ui;

/// Returns when we are root; otherwise runs this very command through sudo and ends with its exit code.
pub fn become_root(project: &Project) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    fetch_crates(project)?;
    ui::say("The lab needs root (packages, network namespaces): asking sudo.");
    let mut sudo = Command::new("sudo");
    sudo.arg("env").args(kept_environment()).arg(env::current_exe()?).args(env::args_os().skip(1));
    let mut child = sudo.spawn().context("neither root nor sudo: run this as root")?;
    let status = loop {
        // A Ctrl-C reaches sudo as well, which hands it on; our part is to wait for the clean-up.
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    give_back(project);
    exit(status.code().unwrap_or(1))
}

/// Downloads the crates as the user who called, so that root leaves nothing in the user's cargo home.
fn fetch_crates(project: &Project) -> Result<()> {
    let status = command::logged(project.cargo().args(["fetch", "--locked"]), &project.log("cargo fetch")?)?;
    if !status.success() {
        bail!("cargo fetch failed; see {}", project.log("cargo fetch")?.display());
    }
    Ok(())
}

fn kept_environment() -> Vec<String> {
    let kept = |name: &String| {
        name == "HOME"
            || name == "TERM"
            || name == "NO_COLOR"
            || name.starts_with("CARGO")
            || name.starts_with("RUSTUP")
            || name.starts_with("ASSAY_")
    };
    let mut variables: Vec<String> =
        env::vars().filter(|(name, _)| kept(name)).map(|(name, value)| format!("{name}={value}")).collect();
    // A user's own search path may lack where Debian has the programs of an administrator.
    let path = env::var("PATH").unwrap_or_default();
    variables.push(format!("PATH={path}:/usr/sbin:/sbin"));
    variables
}

/// What root built in the checkout belongs to the user who asked for it.
fn give_back(project: &Project) {
    let owner = format!("{}:{}", rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    let mut chown = Command::new("sudo");
    chown.args(["chown", "-R", &owner]).arg(&project.cache).arg(project.target());
    command::output(&mut chown).ok();
}
