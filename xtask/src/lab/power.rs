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

/// Switches the machine on, as its tenant would.
pub fn switch_on(lab: &Lab, machine: &Machine) -> Result<()> {
    let action = format!("{REDFISH}/redfish/v1/Systems/{}/Actions/ComputerSystem.Reset", machine.uuid());
    let mut on = curl(lab);
    on.args(["-H", "Content-Type: application/json", "-d", r#"{"ResetType": "On"}"#]);
    command::output(on.arg(action)).map(drop)
}

/// The machine's boot override: its target.
pub fn boot_target(lab: &Lab, machine: &Machine) -> Result<String> {
    let system = system(lab, machine)?;
    Ok(system["Boot"]["BootSourceOverrideTarget"].as_str().unwrap_or("None").to_owned())
}

/// Whether a disc is in the machine's virtual drive.
pub fn holds_disc(lab: &Lab, machine: &Machine) -> Result<bool> {
    let drive = get(lab, &format!("/redfish/v1/Systems/{}/VirtualMedia/Cd", machine.uuid()))?;
    drive["Inserted"].as_bool().context("the drive shows no Inserted")
}

fn system(lab: &Lab, machine: &Machine) -> Result<Value> {
    get(lab, &format!("/redfish/v1/Systems/{}", machine.uuid()))
}

fn get(lab: &Lab, path: &str) -> Result<Value> {
    let answer = command::output(curl(lab).arg(format!("{REDFISH}{path}")))?;
    serde_json::from_str(&answer).with_context(|| format!("the BMC's answer to {path} is not JSON"))
}

fn curl(lab: &Lab) -> std::process::Command {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "--fail", "--max-time", "60", "-u", &format!("{USER}:{PASSWORD}")]);
    curl
}
