//! The binary that is shown and tested: built by cargo, started in a lab without any configuration file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command;
use crate::images::Image;
use crate::interrupt::wait_for;
use crate::lab::http::{self, Answer};
use crate::lab::{INSPECTION, INSPECTION_INTERFACE, INSPECTION_RANGE, Lab};
use crate::project::Project;
use crate::ui;

/// Where the API is, inside a lab.
pub const API: &str = "http://127.0.0.1:6385";
/// Where the introspection API is, inside a lab.
pub const INTROSPECTION: &str = "http://127.0.0.1:5050";
/// The name under which a lab runs the binary.
pub const SERVICE: &str = "assay";

/// Builds the binary, as a step.
pub fn build(project: &Project) -> Result<PathBuf> {
    ui::step("build assay", || compile(project))
}

/// Builds the binary in the profile that is quick to build.
pub fn compile(project: &Project) -> Result<PathBuf> {
    compile_with(project, &[])
}

/// Builds the binary with its pause points, for those who kill it; as a step.
pub fn build_to_be_killed(project: &Project) -> Result<PathBuf> {
    ui::step("build assay with its pause points", || compile_with(project, &["--features", "pause-points"]))
}

fn compile_with(project: &Project, more: &[&str]) -> Result<PathBuf> {
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "assay", "--locked"]).args(more);
    command::quiet(&mut cargo, &project.log("build assay")?)?;
    let binary = project.target().join("debug/assay");
    binary.exists().then_some(binary).context("cargo built no target/debug/assay")
}

/// Starts `assay serve` in the lab with the options that its segment and the image ask for, and with `more`
/// (`OS_<GROUP>__<OPTION>`, without a value to leave one of ours out); waits until its API answers. Its state is the lab's: a
/// second start finds it again.
pub fn serve(project: &Project, lab: &Lab, binary: &Path, image: &Image, more: &[(&str, &str)]) -> Result<()> {
    let mut service = lab.command(binary);
    service
        .arg("serve")
        .env("OS_ASSAY__DHCP_INTERFACE", INSPECTION_INTERFACE)
        .env("OS_ASSAY__DHCP_RANGE", INSPECTION_RANGE)
        .env("OS_INSPECTOR__HOOKS", "$default_hooks,memory,cpus")
        .env("OS_ASSAY__BOOT_ADDRESS", INSPECTION)
        .env("OS_ASSAY__STATE_PATH", lab.folder.join("state"))
        .env("OS_CONDUCTOR__DEPLOY_KERNEL", format!("file://{}", image.kernel.display()))
        .env("OS_CONDUCTOR__DEPLOY_RAMDISK", format!("file://{}", image.ramdisk.display()))
        .env("OS_CONDUCTOR__FILE_URL_ALLOWED_PATHS", &project.cache)
        .env("OS_PXE__KERNEL_APPEND_PARAMS", "console=ttyS0")
        .envs(more.iter().copied());
    for (name, _) in more.iter().filter(|(_, value)| value.is_empty()) {
        service.env_remove(name);
    }
    lab.start(SERVICE, &mut service)?;
    wait_for("assay serve", Duration::from_secs(30), || {
        if !lab.runs(SERVICE) {
            bail!("assay serve ended:\n{}", command::tail(&lab.log(SERVICE), 20));
        }
        Ok(command::output(lab.command("curl").args(["-sS", "--fail", "--max-time", "5", API])).ok())
    })?;
    Ok(())
}

/// The binary as a client of the one that serves.
pub fn client(lab: &Lab, binary: &Path, verb: &str) -> Command {
    let mut client = lab.command(binary);
    client.arg(verb);
    client
}

/// One field of a node, asked of the API directly: cheaper than the stock client, for those who ask often.
pub fn node_field(lab: &Lab, node: &str, field: &str) -> Result<Value> {
    Ok(get(lab, &format!("/v1/nodes/{node}?fields={field}"))?[field].take())
}

/// The signs of life of a node's last run, each where it first came.
pub fn signs(lab: &Lab, node: &str) -> Result<Vec<String>> {
    const SIGNS: [&str; 7] = ["dhcp", "media", "loader", "script", "kernel", "ramdisk", "ramdisk dhcp"];
    let timeline = get(lab, &format!("/v1/nodes/{node}/timeline"))?;
    let events = timeline["events"].as_array().into_iter().flatten().filter_map(|event| event["event"].as_str());
    let mut signs: Vec<String> = Vec::new();
    for event in events {
        if SIGNS.contains(&event) && !signs.iter().any(|sign| sign == event) {
            signs.push(event.to_owned());
        }
    }
    Ok(signs)
}

fn get(lab: &Lab, path: &str) -> Result<Value> {
    let answer = ask(lab, "GET", path, None)?;
    ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, answer.body);
    Ok(answer.body)
}

/// Sends a request to the API, whatever its answer.
pub fn ask(lab: &Lab, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
    http::send(lab, method, &format!("{API}{path}"), &[("X-OpenStack-Ironic-API-Version", "1.95")], body)
}
