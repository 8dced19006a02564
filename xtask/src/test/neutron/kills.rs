//! One kill -9 that meets a run in every phase: each node's run is stopped at a point of its own. Started again, Assay goes
//! forward with all of them, and each ends well once its ramdisk has posted.
//!
//! A node without a pause point has its request to Neutron under way, at the proxy, while Assay is killed: the request lands when
//! the run has ended long ago.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::boots::posts_and_ends_well;
use super::cloud::{BY_PROXY, Cloud};
use super::left;
use super::node::{BOOT, Node, SOON, mac_of};
use super::place;
use crate::assay;
use crate::interrupt::wait_for;
use crate::lab::INSPECTION_TAG;
use crate::lab::machine::Nic;
use crate::lab::neutron::TENANT_TAG;
use crate::lab::neutron::proxy::{Fault, Rule};
use crate::test::findings::Findings;

/// Nodes before their ramdisk runs, each by its name and the point where its run stops.
const BEFORE_WAIT: &[(&str, &str)] = &[
    ("off", "after_commit:PowerOff"),
    ("adding", "before_effect:AddInspectionNetwork"),
    ("added", "after_effect:AddInspectionNetwork"),
    ("prepared", "after_effect:PrepareRamdisk"),
];
/// Nodes whose ramdisk has posted.
const AFTER_POST: &[(&str, &str)] = &[
    ("processed", "after_commit:ProcessBody"),
    ("removed", "after_effect:RemoveInspectionNetwork"),
    // The last one has two ports.
    ("removing", "before_effect:RemoveInspectionNetwork"),
];
/// The machine that has just been switched on.
const ON: &str = "after_effect:PowerOn";
const IN_FLIGHT: &str = "in-flight";
const IN_FLIGHT_NUMBER: u8 = 60;
const WAITING: &str = "waiting";
/// The variables of the binary with pause points.
pub const PAUSE_AT: &str = "ASSAY_PAUSE_AT";
pub const PAUSE_FILE: &str = "ASSAY_PAUSE_FILE";

pub fn everywhere(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[BY_PROXY])?;
    let before = enrol(cloud, BEFORE_WAIT, 40)?;
    let mut after = enrol(cloud, AFTER_POST, 50)?;
    let two = after.pop().context("a node with two ports")?;
    cloud.stack.add_port("second")?;
    after.push(two.with_ports(vec![Nic { port: "second".to_owned(), mac: mac_of(59) }])?);
    let machine = Node::of_machine(cloud, place::SECOND, &json!({"name": "switched-on"}))?;
    let in_flight = Node::without_machine(cloud, IN_FLIGHT, IN_FLIGHT_NUMBER, &json!({}))?;
    let waiting = Node::without_machine(cloud, WAITING, 61, &json!({}))?;

    let points = points(&before, BEFORE_WAIT) + &points(&after, AFTER_POST) + &format!("{ON}@{}", machine.uuid);
    let file = cloud.lab.folder.join("paused");
    cloud.serve(&[BY_PROXY, (PAUSE_AT, &points), (PAUSE_FILE, &file.to_string_lossy())])?;
    cloud.proxy.spoil(&[Rule { times: 1, ..Rule::always("POST", in_flight.uuid.clone(), Fault::Hold) }])?;
    let first = || after.iter().chain([&waiting]);
    for node in first().chain(&before).chain([&machine, &in_flight]) {
        node.inspect()?;
    }
    for node in first() {
        node.reaches("inspect wait", SOON)?;
    }
    for node in &after {
        node.post()?;
    }
    let count = BEFORE_WAIT.len() + AFTER_POST.len() + 1;
    wait_for("every run at its point", SOON, || {
        let paused = fs::read_to_string(&file).unwrap_or_default();
        // A node with two ports is there twice.
        Ok((paused.lines().collect::<BTreeSet<_>>().len() == count).then_some(()))
    })?;
    let aborted = before[1].ask_for("abort")?;
    findings.expect("no abort while the start goes on", (400..500).contains(&aborted.status));

    cloud.lab.kill(assay::SERVICE);
    cloud.serve(&[BY_PROXY])?;
    for node in &after {
        node.reaches("manageable", SOON)?;
        findings.expect(&format!("{}: its inventory is stored", node.name), node.inventory()?["interfaces"].is_array());
    }
    for node in before.iter().chain([&waiting, &in_flight]) {
        node.reaches("inspect wait", SOON)?;
        left::isolated(node, findings)?;
        posts_and_ends_well(node, findings)?;
    }
    machine.reaches("manageable", BOOT)?;
    for node in first().chain(&before).chain([&machine]) {
        left::nothing_left(node, findings)?;
    }
    machine.delete()?;
    lands_late(&in_flight, findings)
}

/// The dead process's request lands now, and the node has a port at Neutron again, until the run is looked at once more.
fn lands_late(node: &Node, findings: &mut Findings) -> Result<()> {
    node.cloud.proxy.release()?;
    wait_for("the late port", Duration::from_secs(20), || {
        Ok((node.cloud.stack.tag(&node.nics[0].port)? == Some(INSPECTION_TAG)).then_some(()))
    })?;
    findings.equal("in flight: its port has landed", &left::neutron_ports(node)?.len(), &1);
    Ok(())
}

/// After the kills, and after what the scenarios between have given them of time.
pub fn nothing_left(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    findings.works("nothing is left of the runs that were killed", cloud.clean_audit());
    let ports = cloud.stack.ports()?;
    let mac = mac_of(IN_FLIGHT_NUMBER);
    findings.expect("the late port is gone", ports.iter().all(|port| port["mac_address"] != mac.as_str()));
    findings.equal("the late port's VLAN", &cloud.stack.tag(IN_FLIGHT)?, &Some(TENANT_TAG));
    Ok(())
}

fn enrol<'a>(cloud: &'a Cloud<'a>, table: &[(&str, &str)], number: u8) -> Result<Vec<Node<'a>>> {
    table
        .iter()
        .zip(number..)
        .map(|((name, _), number)| Node::without_machine(cloud, name, number, &json!({})))
        .collect()
}

/// The points of these nodes, for the environment.
fn points(nodes: &[Node], table: &[(&str, &str)]) -> String {
    nodes.iter().zip(table).map(|(node, (_, point))| format!("{point}@{},", node.uuid)).collect()
}
