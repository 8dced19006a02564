//! Machines that boot and are never heard of again: the deadline ends their runs, and the error says how far they came.

use anyhow::Result;
use serde_json::json;

use super::cloud::Cloud;
use super::failures::says;
use super::left::{isolated, nothing_left};
use super::node::{BOOT, Node, boots};
use super::place;
use crate::images::Image;
use crate::lab::neutron::INSPECTION_NETWORK;
use crate::project::write;
use crate::test::findings::Findings;

/// Long enough for a boot beside another one.
pub const TIMEOUT: (&str, &str) = ("OS_CONDUCTOR__INSPECT_WAIT_TIMEOUT", "40");

/// Two machines that wait, each with the last sign of life that it will give.
pub fn begin<'a>(cloud: &'a Cloud<'a>, findings: &mut Findings) -> Result<[(Node<'a>, &'static str); 2]> {
    let nodes = [(silent(cloud)?, "last seen: ramdisk dhcp"), (broken(cloud)?, "last seen: ramdisk,")];
    for (node, _) in &nodes {
        node.inspect_until_it_waits()?;
        isolated(node, findings)?;
    }
    // Where upstream waits on for as long as an operator works on the node.
    nodes[1].0.put_into_maintenance()?;
    Ok(nodes)
}

/// Their end.
pub fn end(nodes: &[(Node, &str)], findings: &mut Findings) -> Result<()> {
    for (node, sign) in nodes {
        node.reaches("inspect failed", BOOT)?;
        says(node, &["Timeout reached", sign], findings)?;
        nothing_left(node, findings)?;
        node.delete()?;
    }
    Ok(())
}

/// A ramdisk that runs and never calls.
fn silent<'a>(cloud: &'a Cloud<'a>) -> Result<Node<'a>> {
    let mut info = boots(&cloud.tiny);
    info["inspector_extra_kernel_params"] = json!("tiny-silent");
    info["inspection_network"] = json!(INSPECTION_NETWORK);
    Node::of_machine(cloud, place::FIRST, &json!({"name": "silent", "driver_info": info}))
}

/// A kernel that is none.
fn broken<'a>(cloud: &'a Cloud<'a>) -> Result<Node<'a>> {
    let kernel = cloud.project.cache.join("no-kernel");
    write(&kernel, "this is no kernel\n")?;
    let mut info = boots(&Image { kernel, ramdisk: cloud.tiny.ramdisk.clone() });
    info["inspection_network"] = json!(INSPECTION_NETWORK);
    Node::of_machine(cloud, place::SECOND, &json!({"name": "broken", "driver_info": info}))
}
