//! What others change while a run goes on: its node, its ports, its options. The run's own record counts, not today's.

use anyhow::Result;
use serde_json::{Value, json};

use super::boots::posts_and_ends_well;
use super::cloud::{BY_PROXY, Cloud};
use super::failures::says;
use super::left::{isolated, nothing_left};
use super::node::{Node, SOON};
use crate::interrupt::wait_for;
use crate::lab::{INSPECTION_TAG, ramdisk};
use crate::test::findings::Findings;

pub fn changed(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[BY_PROXY])?;
    let node = |name, number| Node::without_machine(cloud, name, number, &json!({}));
    let (deleted, moved, unlinked, unreadable) =
        (node("deleted", 20)?, node("moved", 21)?, node("unlinked", 22)?, node("unreadable", 23)?);
    let option = node("option", 24)?;
    let all = [&deleted, &moved, &unlinked, &unreadable, &option];
    for node in all {
        node.inspect()?;
    }
    for node in all {
        node.reaches("inspect wait", SOON)?;
        isolated(node, findings)?;
    }
    // In its other network, the node's own option would look for the port in vain.
    moved.set(&[("/driver_info/inspection_network", Value::from("tenant"))])?;
    for port in unlinked.ports()? {
        unlinked.patch_port(&port, "/local_link_connection", &json!({}))?;
        unlinked.patch_port(&port, "/pxe_enabled", &Value::from(false))?;
    }
    posts_and_ends_well(&moved, findings)?;
    posts_and_ends_well(&unlinked, findings)?;
    hook_fails(&unreadable, findings)?;
    deleted.delete()?;
    goes_with_another_option(&option, findings)?;
    wait_for("the end of a run without a node", SOON, || {
        Ok((cloud.stack.tag(&deleted.nics[0].port)? != Some(INSPECTION_TAG)).then_some(()))
    })?;
    for node in all {
        nothing_left(node, findings)?;
    }
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

/// A body that no hook can work with fails the run, and is kept.
fn hook_fails(node: &Node, findings: &mut Findings) -> Result<()> {
    let macs: Vec<String> = node.nics.iter().map(|nic| nic.mac.clone()).collect();
    let mut body = ramdisk::inventory(&macs);
    body["inventory"]["cpu"] = json!({"count": 2});
    node.post_this(&body)?;
    node.reaches("inspect failed", SOON)?;
    says(node, &["architecture"], findings)
}

/// Assay comes back with another network; the port is in the one where it was made.
fn goes_with_another_option(node: &Node, findings: &mut Findings) -> Result<()> {
    node.cloud.serve(&[BY_PROXY, ("OS_NEUTRON__INSPECTION_NETWORK", "tenant")])?;
    let state = node.field("provision_state")?;
    findings.equal("option: a restart fails nothing", &state, &Value::from("inspect wait"));
    node.abort()?;
    says(node, &["aborted"], findings)
}
