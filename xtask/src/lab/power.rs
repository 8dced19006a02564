//! What the BMCs say, asked without Assay: the tests of the lab must not believe what they test.

use anyhow::{Context, Result};
use serde_json::Value;

use super::bmc::{PASSWORD, USER};
use super::machine::Machine;
use super::{Lab, REDFISH};
use crate::command;

/// How many systems the Redfish service shows.
pub fn systems(lab: &Lab) -> Result<usize> {
    let answer = get(lab, "/redfish/v1/Systems")?;
    Ok(answer["Members"].as_array().map_or(0, Vec::len))
}

/// The machine's power state, `On` or `Off`.
pub fn state(lab: &Lab, machine: &Machine) -> Result<String> {
    let system = system(lab, machine)?;
    Ok(system["PowerState"].as_str().context("the BMC shows no PowerState")?.to_owned())
}

/// The machine's boot override: its target.
pub fn boot_target(lab: &Lab, machine: &Machine) -> Result<String> {
    let system = system(lab, machine)?;
    Ok(system["Boot"]["BootSourceOverrideTarget"].as_str().unwrap_or("None").to_owned())
}

/// Sets a one-time boot from the network, and switches the machine on.
pub fn boot_from_network(lab: &Lab, machine: &Machine) -> Result<()> {
    let path = format!("/redfish/v1/Systems/{}", machine.uuid());
    send(lab, "PATCH", &path, r#"{"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once"}}"#)?;
    reset(lab, machine, "On")
}

/// Resets the machine; the kinds are Redfish's (`On`, `ForceOff`, …).
pub fn reset(lab: &Lab, machine: &Machine, kind: &str) -> Result<()> {
    let path = format!("/redfish/v1/Systems/{}/Actions/ComputerSystem.Reset", machine.uuid());
    send(lab, "POST", &path, &format!(r#"{{"ResetType":"{kind}"}}"#))
}

fn system(lab: &Lab, machine: &Machine) -> Result<Value> {
    get(lab, &format!("/redfish/v1/Systems/{}", machine.uuid()))
}

fn get(lab: &Lab, path: &str) -> Result<Value> {
    let answer = command::output(curl(lab).arg(format!("{REDFISH}{path}")))?;
    serde_json::from_str(&answer).with_context(|| format!("the BMC's answer to {path} is not JSON"))
}

fn send(lab: &Lab, method: &str, path: &str, body: &str) -> Result<()> {
    let mut curl = curl(lab);
    curl.args(["-X", method, "-H", "Content-Type: application/json", "-d", body]).arg(format!("{REDFISH}{path}"));
    command::output(&mut curl).map(drop)
}

fn curl(lab: &Lab) -> std::process::Command {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "--fail", "--max-time", "60", "-u", &format!("{USER}:{PASSWORD}")]);
    curl
}
