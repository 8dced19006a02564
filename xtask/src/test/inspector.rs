//! The `inspector` inspect interface with a real ironic-inspector 12.5.0, and the built-in service with the stock client.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use super::findings::Findings;
use super::machines::{Site, on_site_with};
use super::{Check, Counts, Group};
use crate::assay;
use crate::images;
use crate::interrupt::wait_for;
use crate::lab::inspector;
use crate::lab::machine::{Firmware, Machine};
use crate::project::Project;

pub const CHECKS: &[Check] = &[
    Check { group: Group::Inspector, name: "ironic-inspector 12.5.0, managed and unmanaged", run: external },
    Check { group: Group::Inspector, name: "the built-in service with the stock client", run: built_in },
];

/// The node whose boot nobody here can manage; ironic-inspector does.
const UNMANAGED: &str = "unmanaged";
const MAC: &str = "52:54:00:ab:77:01";

fn external(project: &Project) -> Result<Counts> {
    let options = &[("OS_INSPECTOR__ENDPOINT_OVERRIDE", inspector::API), ("OS_INSPECTOR__STATUS_CHECK_PERIOD", "1")];
    let machines = vec![Machine::small(1, Firmware::Bios)];
    on_site_with(project, "inspector", machines, images::tiny, options, |site, findings| {
        inspector::start(project, site.lab)?;
        managed(site, findings)?;
        enrol_unmanaged(site)?;
        unmanaged(site, findings)?;
        started_there(site, findings)?;
        aborted(site, findings)?;
        gone(site, findings)
    })
}

/// Assay boots the ramdisk, which posts to ironic-inspector.
fn managed(site: &Site, findings: &mut Findings) -> Result<()> {
    let machine = &site.lab.machines[0];
    site.client.run(&["node", "set", &machine.name, "--inspect-interface", "inspector"])?;
    site.inspect(machine)?;
    site.reaches(machine, "manageable", Duration::from_secs(180))?;
    let inventory = site.inventory(machine)?;
    let mac = inventory["inventory"]["interfaces"][0]["mac_address"].as_str();
    findings.equal("managed: the inventory's MAC", &mac, &Some(machine.mac().as_str()));
    findings.expect("managed: what its hooks found", inventory["plugin_data"]["all_interfaces"].is_object());
    let properties = assay::node_field(site.lab, &machine.name, "properties")?;
    findings.expect("managed: what it wrote to the node", !properties["memory_mb"].is_null());
    site.nothing_left(machine, findings)
}

fn enrol_unmanaged(site: &Site) -> Result<()> {
    let words =
        ["node", "create", "--driver", "fake-hardware", "--name", UNMANAGED, "--inspect-interface", "inspector"];
    let more = ["--boot-interface", "fake", "--power-interface", "fake", "--management-interface", "fake"];
    let node = site.client.json(&[&words[..], &more[..]].concat())?;
    site.client.run(&["port", "create", MAC, "--node", node["uuid"].as_str().unwrap_or_default()])?;
    site.client.run(&["node", "manage", UNMANAGED, "--wait", "60"]).map(drop)
}

/// ironic-inspector boots the node, through Assay's API, while its run waits.
fn unmanaged(site: &Site, findings: &mut Findings) -> Result<()> {
    site.client.run(&["node", "inspect", UNMANAGED])?;
    waits_for_ramdisk(site)?;
    findings.works("unmanaged: the post", inspector::post_inventory(site.lab, MAC));
    reaches(site, "manageable")?;
    findings.equal("unmanaged: its error", &assay::node_field(site.lab, UNMANAGED, "last_error")?, &Value::Null);
    let properties = assay::node_field(site.lab, UNMANAGED, "properties")?;
    findings.equal("unmanaged: memory_mb", &properties["memory_mb"].as_str(), &Some("2048"));
    let log = crate::project::read(&site.lab.log("ironic-inspector"))?;
    findings.expect("unmanaged: ironic-inspector met no lock", !log.contains("is locked by host"));
    Ok(())
}

/// What is started at ironic-inspector's own API goes on working, and leaves the provision state alone.
fn started_there(site: &Site, findings: &mut Findings) -> Result<()> {
    let node = assay::node_field(site.lab, UNMANAGED, "uuid")?;
    inspector::introspect(site.lab, node.as_str().unwrap_or_default())?;
    waits_for_ramdisk(site)?;
    let state = assay::node_field(site.lab, UNMANAGED, "provision_state")?;
    findings.equal("started there: the provision state", &state, &Value::from("manageable"));
    findings.works("started there: the post", inspector::post_inventory(site.lab, MAC));
    ends(site, &Value::Null, findings)
}

fn aborted(site: &Site, findings: &mut Findings) -> Result<()> {
    site.client.run(&["node", "inspect", UNMANAGED])?;
    waits_for_ramdisk(site)?;
    site.client.run(&["node", "abort", UNMANAGED])?;
    reaches(site, "inspect failed")?;
    ends(site, &Value::from("Canceled by operator"), findings)
}

/// One that is down fails the inspection, and the error names it.
fn gone(site: &Site, findings: &mut Findings) -> Result<()> {
    let machine = &site.lab.machines[0];
    inspector::stop(site.lab);
    site.inspect(machine)?;
    site.reaches(machine, "inspect failed", Duration::from_secs(60))?;
    let error = assay::node_field(site.lab, &machine.name, "last_error")?.to_string();
    findings.expect(&format!("gone: {error}"), error.contains(inspector::API) && error.contains("cannot connect"));
    site.nothing_left(machine, findings)
}

/// The run waits, and ironic-inspector has switched the node on.
fn waits_for_ramdisk(site: &Site) -> Result<()> {
    let node = assay::node_field(site.lab, UNMANAGED, "uuid")?;
    let node = node.as_str().unwrap_or_default();
    wait_for("ironic-inspector to wait for the ramdisk", Duration::from_secs(60), || {
        let status = inspector::status(site.lab, node).unwrap_or_default();
        if !status["error"].is_null() && status["finished"] == true && status["error"] != "Canceled by operator" {
            bail!("ironic-inspector: {}", status["error"]);
        }
        let power = assay::node_field(site.lab, UNMANAGED, "power_state")?;
        Ok((status["state"] == "waiting" && power == "power on").then_some(()))
    })
}

fn ends(site: &Site, error: &Value, findings: &mut Findings) -> Result<()> {
    let node = assay::node_field(site.lab, UNMANAGED, "uuid")?;
    let node = node.as_str().unwrap_or_default();
    let status = wait_for("the end of the introspection", Duration::from_secs(60), || {
        Ok(inspector::status(site.lab, node).ok().filter(|status| status["finished"] == true))
    })?;
    findings.equal("how the introspection ended", &status["error"], error);
    Ok(())
}

fn reaches(site: &Site, state: &str) -> Result<()> {
    wait_for(&format!("{UNMANAGED} {state}"), Duration::from_secs(60), || {
        Ok((assay::node_field(site.lab, UNMANAGED, "provision_state")? == state).then_some(()))
    })
}

/// `openstack baremetal introspection` against the built-in service.
fn built_in(project: &Project) -> Result<Counts> {
    let machines = vec![Machine::small(1, Firmware::Bios)];
    on_site_with(project, "built-in inspector", machines, images::tiny, &[], |site, findings| {
        let machine = &site.lab.machines[0];
        site.client.run(&["node", "set", &machine.name, "--inspect-interface", "inspector"])?;
        site.inspect(machine)?;
        let status = site.client.introspection(&["status", &machine.name])?;
        findings.equal("the status while it goes on", &status["finished"], &Value::from(false));
        site.ends_well(machine, Duration::from_secs(120), findings)?;
        let status = site.client.introspection(&["status", &machine.name])?;
        findings.equal("the status at the end", &status["finished"], &Value::from(true));
        findings.equal("its error", &status["error"], &Value::Null);
        let all = site.client.introspection(&["list"])?;
        findings.equal("introspections listed", &all.as_array().map(Vec::len), &Some(1));
        Ok(())
    })
}
