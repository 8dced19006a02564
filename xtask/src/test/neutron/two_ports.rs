//! Three ports go to the inspection network, and the hooks change two of them while they are there. Whoever looks for the ports
//! that are PXE-enabled today, to put them back, finds one.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::left::{isolated, nothing_left};
use super::node::{BOOT, Node};
use super::place;
use crate::lab::machine::Nic;
use crate::test::findings::Findings;

/// A port of the node that its machine has no NIC for: `keep_ports = present` deletes it.
const ABSENT: &str = "absent";

/// A machine with two NICs is inspected, and has a third port.
pub fn begin<'a>(cloud: &'a Cloud<'a>, findings: &mut Findings) -> Result<Node<'a>> {
    let absent = Nic { port: ABSENT.to_owned(), mac: "52:54:00:ab:03:01".to_owned() };
    cloud.stack.add_port(ABSENT)?;
    let node = Node::of_machine(cloud, place::TWO_NICS, &json!({}))?.with_ports(vec![absent])?;
    node.inspect_until_it_waits()?;
    isolated(&node, findings)?;
    Ok(node)
}

/// It boots from the first, so that the second is no longer PXE-enabled.
pub fn one_has_booted(node: &Node, findings: &mut Findings) -> Result<()> {
    node.reaches("manageable", BOOT)?;
    let ports = node.ports()?;
    let enabled = |mac: &str| ports.iter().find(|port| port["address"] == mac).map(|port| port["pxe_enabled"].clone());
    let [first, second, absent] = node.nics.as_slice() else { bail!("not three ports") };
    findings.equal("two ports: the first was booted from", &enabled(&first.mac), &Some(Value::from(true)));
    findings.equal("two ports: the second was not", &enabled(&second.mac), &Some(Value::from(false)));
    findings.equal("two ports: the absent one is deleted", &enabled(&absent.mac), &None);
    nothing_left(node, findings)?;
    node.delete()
}
