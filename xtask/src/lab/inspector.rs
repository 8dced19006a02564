//! A real ironic-inspector in a lab, on SQLite, without authentication: Assay's API is its Ironic.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::{Lab, ramdisk};
use crate::project::{Project, read, write};
use crate::setup::python;
use crate::stamp;

/// Where its API is: on the inspection segment, where ramdisks reach it.
pub const API: &str = "http://172.22.100.1:15050";
const NAME: &str = "ironic-inspector";

/// Starts it with an empty database.
pub fn start(project: &Project, lab: &Lab) -> Result<()> {
    let tools = python::ironic_inspector(project)?;
    let folder = lab.folder.join(NAME);
    stamp::remove(&folder)?;
    fs::create_dir_all(&folder)?;
    let file = folder.join("inspector.conf");
    let text = read(&project.lab_file("inspector/inspector.conf"))?;
    write(&file, &text.replace("{folder}", &folder.to_string_lossy()))?;
    let mut schema = lab.command(tools.join("bin/ironic-inspector-dbsync"));
    schema.arg("--config-file").arg(&file).arg("upgrade");
    command::quiet(&mut schema, &project.log("ironic-inspector-dbsync")?)?;
    lab.start(NAME, lab.command(tools.join("bin/ironic-inspector")).arg("--config-file").arg(&file))?;
    wait_for("ironic-inspector", Duration::from_secs(90), || {
        if !lab.runs(NAME) {
            bail!("ironic-inspector ended:\n{}", command::tail(&lab.log(NAME), 20));
        }
        Ok(status(lab, "").ok().map(drop))
    })
}

/// Stops it.
pub fn stop(lab: &Lab) {
    lab.stop(NAME);
}

/// `GET /v1/introspection/<node>`, or the list.
pub fn status(lab: &Lab, node: &str) -> Result<Value> {
    let mut curl = lab.command("curl");
    let printed =
        command::output(curl.args(["-sS", "--fail", "--max-time", "10", &format!("{API}/v1/introspection/{node}")]))?;
    Ok(serde_json::from_str(&printed)?)
}

/// Starts an introspection at its own API, which Assay is not asked for.
pub fn introspect(lab: &Lab, node: &str) -> Result<()> {
    ramdisk::post(lab, &format!("{API}/v1/introspection/{node}"), &json!({})).map(drop)
}

/// Cancels an introspection at its own API.
pub fn cancel(lab: &Lab, node: &str) -> Result<()> {
    ramdisk::post(lab, &format!("{API}/v1/introspection/{node}/abort"), &json!({})).map(drop)
}

/// Posts what a ramdisk would that has this NIC.
pub fn post_inventory(lab: &Lab, mac: &str) -> Result<String> {
    ramdisk::post(lab, &format!("{API}/v1/continue"), &ramdisk::inventory(&[mac.to_owned()]))
}
