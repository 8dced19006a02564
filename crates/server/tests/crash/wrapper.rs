//! Programs between the test and the binary: each is started in its place, and starts it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use assay_sim::{
    Hardware, Ramdisk,
    harness::{PATIENCE, Setup, Site},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// The binary's own path, in the text of a wrapper.
pub const BINARY: &str = env!("CARGO_BIN_EXE_assay");

/// A site whose binary is started by this shell script, and whose ramdisks boot and never post. The script stays for as
/// long as the folder does.
pub async fn site(script: &str, machines: usize) -> anyhow::Result<(Site, TempDir)> {
    let folder = TempDir::with_prefix("assay-wrapper-")?;
    let file: PathBuf = folder.path().join("assay");
    fs::write(&file, format!("#!/bin/sh\nset -e\n{script}\n"))?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    let ramdisk = Ramdisk { posts: 0, ..Ramdisk::default() };
    let hardware = Hardware { machines, ramdisk, ..Hardware::default() };
    Ok((Site::start(Setup { binary: file, hardware, options: Vec::new() }).await?, folder))
}

/// Where the ramdisk that a machine has booted would post to.
pub async fn callback(site: &Site, machine: usize) -> anyhow::Result<String> {
    let machine = site.world.machine(machine);
    let told = |state: &assay_sim::State| state.boots.last().is_some_and(|boot| boot.callback.is_some());
    let state = machine.wait_for("callback URL", PATIENCE, told).await?;
    Ok(state.boots.last().and_then(|boot| boot.callback.clone()).unwrap_or_default())
}

/// An inventory of a machine, and as many bytes that can't be compressed as `noise` asks for.
pub fn inventory(site: &Site, machine: usize, noise: usize) -> Value {
    let mac = site.world.machine(machine).nics[0].to_string();
    let noise: String = (0..noise / 36).map(|_| Uuid::new_v4().to_string()).collect();
    json!({
        "inventory": {
            "interfaces": [{"name": "eth0", "mac_address": mac, "ipv4_address": "192.0.2.7"}],
            "cpu": {"architecture": "x86_64"},
            "boot": {"pxe_interface": mac},
        },
        "noise": noise,
    })
}

/// Posts a body; the answer's status.
pub async fn post(url: &str, body: &Value) -> anyhow::Result<reqwest::StatusCode> {
    Ok(reqwest::Client::new().post(url).json(body).timeout(PATIENCE).send().await?.status())
}
