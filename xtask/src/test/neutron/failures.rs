//! Inspections that fail before their ramdisk runs. They begin side by side, each on a node of its own, and each must end with a
//! text that helps, and with nothing left.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cloud::{BY_PROXY, Cloud};
use super::left::nothing_left;
use super::node::{Node, SOON, mac_of};
use super::place;
use crate::lab::machine::Nic;
use crate::lab::neutron::proxy::{Fault, Rule};
use crate::lab::neutron::{DEAD_SWITCH, DEAD_SWITCH_ID, local_link};
use crate::test::findings::Findings;

/// What is wrong, and what `last_error` must say of it.
struct Failure {
    name: &'static str,
    number: u8,
    /// The link information of its first port.
    link: fn(&str) -> Value,
    /// Whether it has a second port, with nothing wrong.
    second: bool,
    /// What the proxy does to the making of its ports.
    spoilt: Option<(u32, Fault)>,
    words: &'static [&'static str],
}

const FAILURES: &[Failure] = &[
    Failure { name: "dead-switch", number: 10, link: dead_switch, second: false, spoilt: None, words: &["500"] },
    // Neutron answers 201 and binds nothing.
    Failure {
        name: "no-such-switch",
        number: 11,
        link: no_such_switch,
        second: false,
        spoilt: None,
        words: &["binding_failed"],
    },
    Failure {
        name: "refused",
        number: 12,
        link: local_link,
        second: false,
        spoilt: Some((0, Fault::Refuse)),
        words: &["503"],
    },
    // Upstream goes on with one of two ports.
    Failure {
        name: "one-of-two",
        number: 14,
        link: local_link,
        second: true,
        spoilt: Some((1, Fault::Refuse)),
        words: &["503"],
    },
];

pub fn on_the_way(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[BY_PROXY])?;
    let nodes = FAILURES.iter().map(|failure| enrol(cloud, failure)).collect::<Result<Vec<_>>>()?;
    cloud.proxy.spoil(&FAILURES.iter().zip(&nodes).filter_map(rule).collect::<Vec<_>>())?;
    for node in &nodes {
        node.inspect()?;
    }
    bmc_refuses(cloud, findings)?;
    for (failure, node) in FAILURES.iter().zip(&nodes) {
        node.reaches("inspect failed", SOON * 2)?;
        says(node, failure.words, findings)?;
    }
    cloud.proxy.spoil(&[])?;
    for node in &nodes {
        nothing_left(node, findings)?;
    }
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

fn enrol<'a>(cloud: &'a Cloud<'a>, failure: &Failure) -> Result<Node<'a>> {
    let Failure { name, number, .. } = failure;
    let mut node = Node::without_ports(cloud, name, &json!({}))?;
    let nic = |port: String, number: u8| Nic { port, mac: mac_of(number) };
    let first = nic((*name).to_owned(), *number);
    cloud.stack.add_port(&first.port)?;
    node.add_port(&first.mac, &(failure.link)(&first.port))?;
    node.nics.push(first);
    if !failure.second {
        return Ok(node);
    }
    let second = nic(format!("{name}-b"), number + 100);
    cloud.stack.add_port(&second.port)?;
    node.with_ports(vec![second])
}

fn rule((failure, node): (&Failure, &Node)) -> Option<Rule> {
    let (skip, fault) = failure.spoilt?;
    // The node's id is in the body of each of its ports.
    Some(Rule { skip, ..Rule::always("POST", node.uuid.clone(), fault) })
}

fn dead_switch(port: &str) -> Value {
    json!({"switch_id": DEAD_SWITCH_ID, "switch_info": DEAD_SWITCH, "port_id": port})
}

fn no_such_switch(port: &str) -> Value {
    json!({"switch_id": "52:54:00:aa:bb:99", "switch_info": "no-such-switch", "port_id": port})
}

/// The machine can't be switched on: its disk is gone, so that libvirt refuses and the BMC with it.
fn bmc_refuses(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    let node = Node::of_machine(cloud, place::FIRST, &json!({"name": "bmc-refuses"}))?;
    let machine = node.machine.context("a node without a machine")?;
    let disk = cloud.lab.folder.join(format!("{}.qcow2", machine.name));
    let aside = disk.with_extension("aside");
    std::fs::rename(&disk, &aside)?;
    node.inspect()?;
    node.reaches("inspect failed", SOON)?;
    std::fs::rename(&aside, &disk)?;
    says(&node, &["power"], findings)?;
    nothing_left(&node, findings)?;
    node.delete()
}

/// `last_error` has these words.
pub fn says(node: &Node, words: &[&str], findings: &mut Findings) -> Result<()> {
    let error = node.error()?;
    for word in words {
        findings.expect(&format!("{}: its error says {word:?}: {error}", node.name), error.contains(word));
    }
    Ok(())
}
