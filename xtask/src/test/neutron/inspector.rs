//! A real ironic-inspector 12.5.0 beside Neutron: managed, as the fall-back, started at its own API, and gone.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::failures::says;
use super::left::{isolated, nothing_left};
use super::node::{Node, SOON};
use crate::interrupt::wait_for;
use crate::lab::inspector;
use crate::lab::neutron::{INSPECTION_NETWORK, TENANT_TAG};
use crate::test::findings::Findings;

pub fn external(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    inspector::start(cloud.project, cloud.lab)?;
    cloud.serve(&[
        ("OS_INSPECTOR__ENDPOINT_OVERRIDE", inspector::API),
        ("OS_INSPECTOR__STATUS_CHECK_PERIOD", "1"),
        ("OS_NEUTRON__INSPECTION_NETWORK", ""),
    ])?;
    // Without a network of its own, where none is configured, Assay leaves the boot to ironic-inspector.
    let unmanaged = Node::without_machine(cloud, "inspector-0", 70, &json!({"inspect_interface": "inspector"}))?;
    let managed = managed(cloud, findings)?;
    falls_back(&unmanaged, findings)?;
    is_started_there(&unmanaged, findings)?;
    inspector::stop(cloud.lab);
    managed.inspect()?;
    managed.reaches("inspect failed", SOON)?;
    says(&managed, &[inspector::API], findings)?;
    nothing_left(&managed, findings)?;
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

/// Assay moves the ports and boots the ramdisks; gives the node whose ramdisk posted well.
fn managed<'a>(cloud: &'a Cloud<'a>, findings: &mut Findings) -> Result<Node<'a>> {
    let node = |name, number| {
        let info = json!({"inspection_network": INSPECTION_NETWORK});
        Node::without_machine(cloud, name, number, &json!({"inspect_interface": "inspector", "driver_info": info}))
    };
    let (well, aborted, cancelled) = (node("inspector-1", 71)?, node("inspector-2", 72)?, node("inspector-3", 73)?);
    for node in [&well, &aborted, &cancelled] {
        node.inspect()?;
    }
    for node in [&well, &aborted, &cancelled] {
        node.reaches("inspect wait", SOON)?;
        isolated(node, findings)?;
    }
    in_order(&well, findings)?;
    ends_after_post(&well, findings)?;
    // What upstream leaves the port and the power of to whoever comes next.
    aborted.abort()?;
    findings.equal("aborted: at ironic-inspector, too", &ended(&aborted)?.as_str(), &Some("Canceled by operator"));
    reports_an_error(&cancelled, findings)?;
    for node in [&aborted, &cancelled] {
        nothing_left(node, findings)?;
    }
    Ok(well)
}

/// That service is told before the power is on.
fn in_order(node: &Node, findings: &mut Findings) -> Result<()> {
    let events = node.events()?;
    let place = |name: &str| events.iter().position(|event| event == name);
    let order = ["AddInspectionNetwork", "PrepareRamdisk", "SetBootDevice", "StartIntrospection", "PowerOn"].map(place);
    findings.expect(
        &format!("managed: ports, boot, inspector, power on, at {order:?}"),
        order.is_sorted() && order.iter().all(Option::is_some),
    );
    Ok(())
}

/// Somebody cancels it at ironic-inspector, which tells it as its error.
fn reports_an_error(node: &Node, findings: &mut Findings) -> Result<()> {
    inspector::cancel(node.cloud.lab, &node.uuid)?;
    node.reaches("inspect failed", SOON)?;
    says(node, &["Canceled by operator"], findings)
}

/// ironic-inspector boots the node through Assay's API, and nobody moves its port.
fn falls_back(node: &Node, findings: &mut Findings) -> Result<()> {
    node.inspect()?;
    node.reaches("inspect wait", SOON)?;
    waits_switched_on(node)?;
    stays_in_place(node, findings)?;
    ends_after_post(node, findings)
}

/// What is started at ironic-inspector's own API goes on working, and leaves provision state and port alone.
fn is_started_there(node: &Node, findings: &mut Findings) -> Result<()> {
    inspector::introspect(node.cloud.lab, &node.uuid)?;
    waits_switched_on(node)?;
    stays_in_place(node, findings)?;
    let state = node.field("provision_state")?;
    findings.equal("started there: the provision state", &state, &Value::from("manageable"));
    findings.works("started there: the post", post(node));
    findings.equal("started there: how it ended", &ended(node)?, &Value::Null);
    nothing_left(node, findings)
}

/// How the introspection ended: its error.
fn ended(node: &Node) -> Result<Value> {
    let mut status = wait_for("the end of the introspection", SOON, || {
        Ok(inspector::status(node.cloud.lab, &node.uuid).ok().filter(|status| status["finished"] == true))
    })?;
    Ok(status["error"].take())
}

fn ends_after_post(node: &Node, findings: &mut Findings) -> Result<()> {
    findings.works(&format!("{}: the post", node.name), post(node));
    node.reaches("manageable", SOON)?;
    let memory = node.field("properties")?["memory_mb"].clone();
    findings.equal(&format!("{}: what it wrote to the node", node.name), &memory.as_str(), &Some("2048"));
    nothing_left(node, findings)
}

fn post(node: &Node) -> Result<String> {
    inspector::post_inventory(node.cloud.lab, &mac(node)?)
}

fn mac(node: &Node) -> Result<String> {
    Ok(node.nics.first().context("no NIC")?.mac.clone())
}

fn waits_switched_on(node: &Node) -> Result<()> {
    wait_for("ironic-inspector to boot the node", SOON, || {
        let status = inspector::status(node.cloud.lab, &node.uuid).unwrap_or_default();
        Ok((status["state"] == "waiting" && node.field("power_state")? == "power on").then_some(()))
    })
}

fn stays_in_place(node: &Node, findings: &mut Findings) -> Result<()> {
    let port = &node.nics.first().context("no NIC")?.port;
    findings.equal(&format!("{}: nobody moves its port", node.name), &node.cloud.stack.tag(port)?, &Some(TENANT_TAG));
    Ok(())
}
