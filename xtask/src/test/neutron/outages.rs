//! Neutron as it is on a bad day: an answer is lost, the clean-up is refused, the API goes away between two calls.

use anyhow::{Context, Result};
use serde_json::json;

use super::boots::posts_and_ends_well;
use super::cloud::{BY_PROXY, Cloud};
use super::failures::says;
use super::left::{isolated, neutron_ports, nothing_left};
use super::node::{Node, SOON};
use crate::interrupt::wait_for;
use crate::lab::neutron::proxy::{Fault, Rule};
use crate::test::findings::Findings;

pub fn neutron(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[BY_PROXY])?;
    let node = |name, number| Node::without_machine(cloud, name, number, &json!({}));
    let (lost, denied, owing, cut) = (node("lost", 30)?, node("denied", 31)?, node("owing", 32)?, node("cut", 33)?);
    // Where upstream leaves an orphan behind: Neutron has made the port, and nobody is told, or is told the opposite.
    cloud.proxy.spoil(&[
        Rule { times: 1, ..Rule::always("POST", lost.uuid.clone(), Fault::Lose) },
        Rule { times: 1, ..Rule::always("POST", denied.uuid.clone(), Fault::Fail) },
    ])?;
    let all = [&lost, &denied, &owing, &cut];
    for node in all {
        node.inspect()?;
    }
    for node in all {
        node.reaches("inspect wait", SOON)?;
        isolated(node, findings)?;
    }
    for node in [&lost, &denied] {
        posts_and_ends_well(node, findings)?;
        nothing_left(node, findings)?;
    }
    refused_clean_up(&owing, findings)?;
    gone_api(&cut, findings)?;
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

/// The inventory is there, the port is not back: both are told, and the port is tried again until it is.
fn refused_clean_up(node: &Node, findings: &mut Findings) -> Result<()> {
    let port = neutron_ports(node)?.pop().context("no Neutron port")?;
    let id = port["id"].as_str().context("a port without an id")?;
    node.cloud.proxy.spoil(&[Rule::always("DELETE", id, Fault::Refuse)])?;
    node.post()?;
    node.reaches("inspect failed", SOON * 2)?;
    says(node, &["clean up", "503"], findings)?;
    findings.expect("owing: its inventory is stored", node.inventory()?["interfaces"].is_array());
    let refused = node.ask_for("inspect")?;
    findings.equal("owing: the next inspection is refused", &refused.status, &409);
    let why = refused.body.to_string();
    findings.expect(&format!("owing: and told why: {why}"), why.contains("owes"));
    findings.expect("owing: assay audit tells", node.cloud.audit().contains(&node.name));
    node.cloud.proxy.spoil(&[])?;
    paid(node)?;
    nothing_left(node, findings)
}

/// Neutron's API ends while the run waits, and comes back when the run has ended.
fn gone_api(node: &Node, findings: &mut Findings) -> Result<()> {
    let stack = &node.cloud.stack;
    stack.stop_api();
    node.provision("abort")?;
    node.reaches("inspect failed", SOON * 2)?;
    says(node, &["aborted", "clean up"], findings)?;
    findings.expect("cut: assay audit tells", node.cloud.audit().contains(&node.name));
    stack.start_api()?;
    paid(node)?;
    nothing_left(node, findings)
}

/// What is owed is tried again with growing pauses.
fn paid(node: &Node) -> Result<()> {
    wait_for(&format!("{}: its debt paid", node.name), SOON, || {
        Ok((!node.cloud.audit().contains(&node.name)).then_some(()))
    })
}
