//! A real ironic-inspector in a lab, on SQLite, without authentication: Assay's API is its Ironic.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::project::{Project, read, write};
use crate::setup::python;

/// Where its API is: on the inspection segment, where ramdisks reach it.
pub const API: &str = "http://172.22.100.1:15050";
const NAME: &str = "ironic-inspector";

/// Starts it with an empty database.
pub fn start(project: &Project, lab: &Lab) -> Result<()> {
    let tools = python::ironic_inspector(project)?;
    let folder = lab.folder.join(NAME);
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
    post(lab, &format!("/v1/introspection/{node}"), "{}").map(drop)
}

/// Posts what a ramdisk would that has this NIC.
pub fn post_inventory(lab: &Lab, mac: &str) -> Result<String> {
    let disk = serde_json::json!({"name": "/dev/sda", "model": "disk", "size": 21_474_836_480_u64, "serial": "D1"});
    let body = serde_json::json!({
        "inventory": {
            "interfaces": [{"name": "eth0", "mac_address": mac, "ipv4_address": "172.22.100.77", "has_carrier": true}],
            "cpu": {"count": 2, "architecture": "x86_64", "model_name": "cpu", "frequency": "2000", "flags": []},
            "memory": {"total": 2_147_483_648_u64, "physical_mb": 2048},
            "disks": [disk],
            "boot": {"current_boot_mode": "bios", "pxe_interface": mac},
            "system_vendor": {"product_name": "p", "serial_number": "s", "manufacturer": "m"},
            "bmc_address": "0.0.0.0", "bmc_v6address": "::/0", "hostname": "machine",
        },
        "root_disk": disk,
        "boot_interface": mac,
        "error": null,
    });
    post(lab, "/v1/continue", &body.to_string())
}

fn post(lab: &Lab, path: &str, body: &str) -> Result<String> {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "--fail-with-body", "--max-time", "60", "-H", "Content-Type: application/json", "-d", body]);
    command::output(curl.arg(format!("{API}{path}")))
}
