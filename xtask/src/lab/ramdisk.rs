//! A ramdisk without a machine: what it posts, and where a boot script tells it to post. It costs no emulated boot.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{INSPECTION, INSPECTION_INTERFACE, Lab};
use crate::command;

const PARAMETER: &str = "ipa-inspection-callback-url=";

/// What a ramdisk posts that was booted from the first of these NICs.
pub fn inventory(macs: &[String]) -> Value {
    let disk = json!({"name": "/dev/sda", "model": "disk", "size": 21_474_836_480_u64, "serial": "D1"});
    let interface = |(number, mac): (usize, &String)| json!({"name": format!("eth{number}"), "mac_address": mac, "ipv4_address": "172.22.100.77", "has_carrier": true});
    json!({
        "inventory": {
            "interfaces": macs.iter().enumerate().map(interface).collect::<Vec<_>>(),
            "cpu": {"count": 2, "architecture": "x86_64", "model_name": "cpu", "frequency": "2000", "flags": []},
            "memory": {"total": 2_147_483_648_u64, "physical_mb": 2048},
            "disks": [disk],
            "boot": {"current_boot_mode": "bios", "pxe_interface": macs.first()},
            "system_vendor": {"product_name": "p", "serial_number": "s", "manufacturer": "m"},
            "bmc_address": "0.0.0.0", "bmc_v6address": "::/0", "hostname": "machine",
        },
        "root_disk": disk,
        "boot_interface": macs.first(),
        "error": null,
    })
}

/// Where the ramdisk of the NIC with this MAC is to post: read from its iPXE script, which the NIC's address alone gets.
pub fn callback(lab: &Lab, mac: &str, address: &str) -> Result<String> {
    let script = at_address(lab, address, || {
        let mut curl = lab.command("curl");
        command::output(curl.args(["-sS", "--fail", "--max-time", "30", "--interface", address, &script_url(mac)]))
    })?;
    let callback = script.split_whitespace().find_map(|word| word.strip_prefix(PARAMETER));
    Ok(callback.with_context(|| format!("the script of {mac} names no callback:\n{script}"))?.to_owned())
}

/// The iPXE script of the NIC with this MAC.
pub fn script_url(mac: &str) -> String {
    format!("http://{INSPECTION}:8080/pxelinux.cfg/{}", mac.replace(':', "-"))
}

/// Asks something while the lab itself has this address of a NIC.
pub fn at_address<T>(lab: &Lab, address: &str, ask: impl FnOnce() -> Result<T>) -> Result<T> {
    let own = format!("{address}/32");
    lab.ip(&["-n", &lab.name, "addr", "add", &own, "dev", INSPECTION_INTERFACE])?;
    let answer = ask();
    // Some machine's NIC may be given it later.
    lab.ip(&["-n", &lab.name, "addr", "del", &own, "dev", INSPECTION_INTERFACE])?;
    answer
}

/// Posts to a callback, which must accept it; gives the answer.
pub fn post(lab: &Lab, url: &str, body: &Value) -> Result<String> {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "--fail-with-body", "--max-time", "60", "-H", "Content-Type: application/json"]);
    command::output(curl.args(["-d", &body.to_string(), url]))
}
