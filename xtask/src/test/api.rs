//! A walk through the API with the stock client against the real binary; no machine is switched on.

use anyhow::Result;
use serde_json::Value;

use super::findings::Findings;
use super::machines::{Site, on_site};
use super::{Check, Counts, Group};
use crate::assay;
use crate::images;
use crate::lab::machine::{Firmware, Machine};
use crate::project::Project;

pub const CHECKS: &[Check] = &[Check { group: Group::Api, name: "walk with the stock client", run: walk }];

fn walk(project: &Project) -> Result<Counts> {
    on_site(project, "api walk", vec![Machine::small(1, Firmware::Bios)], images::tiny, |site, findings| {
        read(site, findings)?;
        bond(site, findings)?;
        change(site, findings);
        refuse(site, findings);
        end(site, findings)
    })
}

fn read(site: &Site, findings: &mut Findings) -> Result<()> {
    let name = site.lab.machines[0].name.as_str();
    let nodes = site.client.json(&["node", "list"])?;
    findings.equal("nodes listed", &nodes.as_array().map(Vec::len), &Some(1));
    findings.equal("the listed node's name", &nodes[0]["name"].as_str(), &Some(name));
    findings.equal("its provision state", &nodes[0]["provision_state"].as_str(), &Some("manageable"));
    findings.equal("its power state", &nodes[0]["power_state"].as_str(), &Some("power off"));
    let info = assay::node_field(site.lab, name, "driver_info")?;
    findings.equal("the BMC password as shown", &info["redfish_password"].as_str(), &Some("******"));
    let ports = site.client.json(&["port", "list", "--node", name])?;
    findings.equal("the port's address", &ports[0]["address"].as_str(), &Some(site.lab.machines[0].mac().as_str()));
    let drivers = site.client.json(&["driver", "list"])?;
    let named = |driver: &Value| driver["name"] == "redfish";
    findings.expect("redfish among the drivers", drivers.as_array().is_some_and(|drivers| drivers.iter().any(named)));
    findings.works("driver show", site.client.json(&["driver", "show", "redfish"]));
    findings.works("driver property list", site.client.json(&["driver", "property", "list", "redfish"]));
    findings.works("conductor list", site.client.json(&["conductor", "list"]));
    findings.works("boot device show", site.client.json(&["node", "boot", "device", "show", name]));
    validate(site, findings)
}

/// A port group's life, with the machine's port in it.
fn bond(site: &Site, findings: &mut Findings) -> Result<()> {
    let client = &site.client;
    let node = assay::node_field(site.lab, &site.lab.machines[0].name, "uuid")?;
    let ports = client.json(&["port", "list"])?;
    let [node, port] = [&node, &ports[0]["uuid"]].map(|uuid| uuid.as_str().unwrap_or_default());
    let made = client.json(&["port", "group", "create", "--node", node, "--name", "bond0", "--mode", "802.3ad"])?;
    let group = made["uuid"].as_str().unwrap_or_default();
    for words in [
        &["port", "set", port, "--port-group", group][..],
        &["port", "create", "52:54:00:aa:00:01", "--node", node, "--port-group", group],
        &["port", "group", "set", "bond0", "--property", "miimon=100", "--unsupport-standalone-ports"],
        &["port", "group", "unset", "bond0", "--property", "miimon"],
    ] {
        findings.works(&words.join(" "), client.run(words));
    }
    findings
        .expect("refused: a group with ports is deleted", client.run(&["port", "group", "delete", "bond0"]).is_err());
    let members = client.json(&["port", "list", "--port-group", "bond0"])?;
    findings.equal("ports of the group", &members.as_array().map(Vec::len), &Some(2));
    let listed = client.json(&["port", "group", "list", "--node", node, "--long"])?;
    findings.equal("the listed group's mode", &listed[0]["mode"].as_str(), &Some("802.3ad"));
    for member in members.as_array().into_iter().flatten() {
        let member = member["uuid"].as_str().unwrap_or_default();
        findings.works("port unset --port-group", client.run(&["port", "unset", member, "--port-group"]));
    }
    findings.works("port group delete", client.run(&["port", "group", "delete", "bond0"]));
    Ok(())
}

fn validate(site: &Site, findings: &mut Findings) -> Result<()> {
    let rows = site.client.json(&["node", "validate", &site.lab.machines[0].name])?;
    for interface in ["power", "management", "boot", "network", "inspect"] {
        let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["Interface"] == interface));
        findings.expect(&format!("validate: {interface}, {row:?}"), row.is_some_and(|row| row["Result"] == true));
    }
    Ok(())
}

fn change(site: &Site, findings: &mut Findings) {
    let name = site.lab.machines[0].name.as_str();
    let client = &site.client;
    for words in [
        &[
            "node",
            "set",
            name,
            "--property",
            "capabilities=boot_mode:bios",
            "--extra",
            "rack=7",
            "--resource-class",
            "small",
        ][..],
        &["node", "unset", name, "--extra", "rack"],
        &["node", "maintenance", "set", name, "--reason", "a test"],
        &["node", "maintenance", "unset", name],
        &["node", "add", "trait", name, "CUSTOM_ASSAYED"],
        &["node", "trait", "list", name],
        &["node", "boot", "device", "set", name, "disk"],
        &["node", "history", "list", name],
        &["node", "provide", name],
        &["node", "manage", name, "--wait", "30"],
    ] {
        findings.works(&words.join(" "), client.run(words));
    }
    findings.equal(
        "the class that was set",
        &assay::node_field(site.lab, name, "resource_class").ok(),
        &Some(Value::from("small")),
    );
}

fn refuse(site: &Site, findings: &mut Findings) {
    let (client, name, mac) = (&site.client, site.lab.machines[0].name.as_str(), site.lab.machines[0].mac());
    for words in [
        &["node", "show", "nobody"][..],
        &["node", "create", "--driver", "no-such-driver"],
        &["node", "abort", name],
        &["port", "create", "not-a-mac", "--node", name],
        &["port", "create", &mac, "--node", name],
        &["node", "inventory", "save", name],
    ] {
        findings.expect(&format!("refused: {}", words.join(" ")), client.run(words).is_err());
    }
}

fn end(site: &Site, findings: &mut Findings) -> Result<()> {
    let name = site.lab.machines[0].name.as_str();
    findings.works("node delete", site.client.run(&["node", "delete", name]));
    findings.equal("nodes left", &site.client.json(&["node", "list"])?.as_array().map(Vec::len), &Some(0));
    findings.equal("ports left", &site.client.json(&["port", "list"])?.as_array().map(Vec::len), &Some(0));
    Ok(())
}
