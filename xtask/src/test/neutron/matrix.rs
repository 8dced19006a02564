//! kill -9 at each journal state of each effect: a node for each, whose run is stopped there, and kills that meet many each.
//! Started again, Assay brings every run to its end; what is left is asked of Neutron, the switch, the DHCP agent, the BMCs,
//! ironic-inspector and the boot listener, once for all nodes.
//!
//! The effects are read from the engine's own source: a new one without a cell fails here.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::kills::{PAUSE_AT, PAUSE_FILE};
use super::left;
use super::node::{Node, succeeds};
use crate::assay;
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::bmc::{self, FakeSystem};
use crate::lab::inspector;
use crate::lab::neutron::TENANT_TAG;
use crate::lab::{Lab, ramdisk};
use crate::project::{Project, read};
use crate::stamp;
use crate::test::findings::Findings;

/// Before an effect, after it, and after its outcome is in the journal.
const MOMENTS: [&str; 3] = ["before_effect", "after_effect", "after_commit"];
/// How many runs one kill meets: more at once, and the lab's Neutron does not answer in time.
const AT_ONCE: usize = 22;
/// So many inspections at once take Neutron a while.
const ALL: Duration = Duration::from_secs(400);

/// How a run comes to an effect, and to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// On the way to a boot over the network; its ramdisk posts after the kill.
    ToTheBoot,
    /// After the post of its ramdisk.
    AfterThePost,
    /// On the way to a boot from a disc; it is aborted after the kill.
    ToTheDisc,
    /// After its abort; the machine has a disc.
    AfterTheAbort,
    /// On the way to a boot of which ironic-inspector is told; its ramdisk posts there after the kill.
    ToTheService,
    /// After ironic-inspector has worked on the post of its ramdisk.
    AfterTheService,
    /// After its abort, of which ironic-inspector is told.
    AfterTheServiceIsTold,
    /// A client's own power action.
    OfAClient,
}

impl Way {
    const fn is_by_the_service(self) -> bool {
        matches!(self, Self::ToTheService | Self::AfterTheService | Self::AfterTheServiceIsTold)
    }

    /// What the node is enrolled with.
    fn node(self) -> Value {
        let boot = if matches!(self, Self::ToTheDisc | Self::AfterTheAbort) { "redfish-virtual-media" } else { "ipxe" };
        let inspect = if self.is_by_the_service() { "inspector" } else { "agent" };
        json!({"boot_interface": boot, "inspect_interface": inspect})
    }
}

/// The way to an effect.
fn way_to(effect: &str) -> Result<Way> {
    Ok(match effect {
        "ReadPower"
        | "CreatePortsFromBmc"
        | "ValidateInspection"
        | "CheckImages"
        | "PowerOff"
        | "RemoveLeftovers"
        | "AddInspectionNetwork"
        | "AwaitPortsActive"
        | "PrepareRamdisk"
        | "SetBootDevice"
        | "PowerOn" => Way::ToTheBoot,
        "ProcessBody" | "RestorePower" | "RestoreBootDevice" | "CleanUpRamdisk" | "RemoveInspectionNetwork" => {
            Way::AfterThePost
        }
        "InsertMedia" => Way::ToTheDisc,
        "EjectMedia" => Way::AfterTheAbort,
        "SetPower" => Way::OfAClient,
        "StartIntrospection" => Way::ToTheService,
        "FetchData" => Way::AfterTheService,
        "AbortIntrospection" => Way::AfterTheServiceIsTold,
        unknown => bail!("the effect {unknown} has no cell in the matrix of kills: give it one"),
    })
}

/// One run that is stopped at one point.
struct Cell<'a> {
    way: Way,
    point: String,
    system: FakeSystem,
    node: Node<'a>,
    /// What its machine boots from, once its run has waited.
    boot: OnceCell<BootAnswer>,
}

/// What the boot listener answers to one machine, and to nobody else.
#[derive(Debug)]
struct BootAnswer {
    url: String,
    /// The machine's address, if it has to be asked from there.
    from: Option<String>,
}

impl BootAnswer {
    /// The HTTP status, now.
    fn status(&self, lab: &Lab) -> Result<String> {
        match &self.from {
            Some(address) => ramdisk::at_address(lab, address, || status(lab, &self.url, Some(address))),
            None => status(lab, &self.url, None),
        }
    }
}

fn status(lab: &Lab, url: &str, from: Option<&str>) -> Result<String> {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "--max-time", "30", "-o", "/dev/null", "-w", "%{http_code}", "-r", "0-0", url]);
    command::output(curl.args(from.into_iter().flat_map(|address| ["--interface", address])))
}

pub fn all(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    let plan = plan(cloud.project)?;
    let systems: Vec<FakeSystem> = (1..).zip(&plan).map(|(number, _)| system(number)).collect();
    bmc::fake(cloud.project, cloud.lab, &systems)?;
    inspector::start(cloud.project, cloud.lab)?;
    cloud.serve(OPTIONS)?;
    let cells = plan.into_iter().zip(systems).map(|((way, point), system)| {
        let node = Node::of_system(cloud, &system, &way.node())?;
        Ok(Cell { way, point, system, node, boot: OnceCell::new() })
    });
    let cells: Vec<Cell> = cells.collect::<Result<_>>()?;
    for batch in cells.chunks(AT_ONCE) {
        stop_each_at_its_point(cloud, batch)?;
        cloud.lab.kill(assay::SERVICE);
        cloud.serve(OPTIONS)?;
        for cell in batch {
            findings.works(&format!("killed {}: it ends well", cell.point), comes_to_its_end(cell));
        }
    }
    findings.works("nothing is left of the runs that were killed", cloud.clean_audit());
    nothing_left(cloud, &cells, findings)?;
    for cell in &cells {
        cell.node.delete()?;
    }
    inspector::stop(cloud.lab);
    bmc::stop_fake(cloud.lab);
    Ok(())
}

/// All these nodes have one and the same BMC address.
const OPTIONS: &[(&str, &str)] = &[
    ("OS_ASSAY__MAX_STARTS_PER_BMC", "1000"),
    ("OS_INSPECTOR__ENDPOINT_OVERRIDE", inspector::API),
    ("OS_INSPECTOR__STATUS_CHECK_PERIOD", "1"),
];

/// Every effect at every moment.
fn plan(project: &Project) -> Result<Vec<(Way, String)>> {
    let mut plan = Vec::new();
    for effect in effects(&read(&project.root.join("crates/core/src/run/effect.rs"))?)? {
        let way = way_to(&effect)?;
        plan.extend(MOMENTS.map(|moment| (way, format!("{moment}:{effect}"))));
    }
    Ok(plan)
}

/// The names that the engine gives its effects, from its source.
fn effects(source: &str) -> Result<Vec<String>> {
    let body = source.split("pub const fn name(").nth(1).context("the effects have no names")?;
    let body = body.split("\n    }\n").next().unwrap_or_default();
    let names: Vec<String> =
        body.split("=> \"").skip(1).filter_map(|arm| Some(arm.split_once('"')?.0.to_owned())).collect();
    ensure!(names.len() >= 22, "only {} effects are found in the engine's source", names.len());
    Ok(names)
}

fn system(number: u8) -> FakeSystem {
    FakeSystem {
        name: format!("cell-{number}"),
        uuid: format!("00000000-0000-4000-8000-0000000000{number:02x}"),
        mac: format!("52:54:00:ab:03:{number:02x}"),
    }
}

/// Brings each run to its point, where it stays.
fn stop_each_at_its_point(cloud: &Cloud, cells: &[Cell]) -> Result<()> {
    let points: String = cells.iter().map(|cell| format!("{}@{},", cell.point, cell.node.uuid)).collect();
    let file = cloud.lab.folder.join("paused-cells");
    // That of the batch before.
    stamp::remove(&file)?;
    cloud.serve(&[OPTIONS, &[(PAUSE_AT, &points), (PAUSE_FILE, &file.to_string_lossy())]].concat())?;
    for cell in cells {
        match cell.way {
            Way::OfAClient => switch_on(&cell.node)?,
            _ => cell.node.inspect()?,
        }
    }
    for cell in cells.iter().filter(|cell| cell.way == Way::AfterThePost) {
        waits(cell)?;
        cell.node.post()?;
    }
    for cell in cells.iter().filter(|cell| cell.way == Way::AfterTheService) {
        waits(cell)?;
        inspector::post_inventory(cloud.lab, &cell.system.mac)?;
    }
    for cell in cells.iter().filter(|cell| matches!(cell.way, Way::AfterTheAbort | Way::AfterTheServiceIsTold)) {
        waits(cell)?;
        cell.node.provision("abort")?;
    }
    wait_for("every run at its point", ALL, || {
        let paused = fs::read_to_string(&file).unwrap_or_default();
        Ok((paused.lines().collect::<BTreeSet<_>>().len() == cells.len()).then_some(()))
    })
    .with_context(|| missing(cells, &fs::read_to_string(&file).unwrap_or_default()))
}

fn missing(cells: &[Cell], paused: &str) -> String {
    let missing = cells.iter().filter(|cell| !paused.contains(&format!("{}@{}", cell.point, cell.node.uuid)));
    format!("not there: {}", missing.map(|cell| cell.point.as_str()).collect::<Vec<_>>().join(", "))
}

fn switch_on(node: &Node) -> Result<()> {
    succeeds(node.ask("PUT", "/states/power", Some(&json!({"target": "power on"})))?).map(drop)
}

/// The run waits for its ramdisk, and the machine is answered what it is to boot.
fn waits(cell: &Cell) -> Result<()> {
    let lab = cell.node.cloud.lab;
    cell.node.reaches("inspect wait", ALL)?;
    let answer = match cell.way {
        Way::ToTheDisc | Way::AfterTheAbort => {
            let drive = bmc::fake_drive(lab, &cell.system)?;
            BootAnswer { url: drive["Image"].as_str().context("no disc is in the drive")?.to_owned(), from: None }
        }
        _ => BootAnswer { url: ramdisk::script_url(&cell.system.mac), from: Some(left::address(&cell.node)?) },
    };
    let status = answer.status(lab)?;
    ensure!(
        status.starts_with("20"),
        "{}: {} is answered with HTTP {status} while the run waits",
        cell.point,
        answer.url
    );
    cell.boot.set(answer).ok();
    Ok(())
}

fn comes_to_its_end(cell: &Cell) -> Result<()> {
    let node = &cell.node;
    match cell.way {
        Way::ToTheBoot => {
            waits(cell)?;
            node.post()?;
            node.reaches("manageable", ALL)
        }
        Way::ToTheService => {
            waits(cell)?;
            inspector::post_inventory(node.cloud.lab, &cell.system.mac)?;
            node.reaches("manageable", ALL)
        }
        Way::AfterThePost | Way::AfterTheService => node.reaches("manageable", ALL),
        Way::ToTheDisc => {
            waits(cell)?;
            node.provision("abort")?;
            node.reaches("inspect failed", ALL)
        }
        Way::AfterTheAbort | Way::AfterTheServiceIsTold => node.reaches("inspect failed", ALL),
        Way::OfAClient => wait_for("the end of the power action", ALL, || {
            let is_on = node.field("power_state")? == "power on" && node.field("target_power_state")?.is_null();
            Ok((is_on && node.field("reservation")?.is_null()).then_some(()))
        }),
    }
}

/// Asked of everybody but Assay.
fn nothing_left(cloud: &Cloud, cells: &[Cell], findings: &mut Findings) -> Result<()> {
    let hosts = || {
        let hosts = cloud.stack.dhcp_hosts()?;
        Ok(cells.iter().all(|cell| !hosts.contains(&cell.system.mac)).then_some(()))
    };
    findings.works("no host of theirs at Neutron's DHCP server", wait_for("an empty DHCP server", ALL, hosts));
    let ports = cloud.stack.ports()?;
    for cell in cells {
        let (point, system) = (&cell.point, &cell.system);
        let port = ports.iter().find(|port| port["mac_address"] == system.mac.as_str());
        findings.expect(&format!("killed {point}: no port at Neutron"), port.is_none());
        findings.equal(&format!("killed {point}: the VLAN"), &cloud.stack.tag(&system.name)?, &Some(TENANT_TAG));
        findings.works(&format!("killed {point}: its BMC"), at_the_bmc(cloud.lab, cell));
        if cell.way != Way::OfAClient {
            let answer = cell.boot.get().with_context(|| format!("{point}: its run never waited"))?;
            findings.equal(&format!("killed {point}: the boot answer"), &answer.status(cloud.lab)?.as_str(), &"404");
        }
        if cell.way.is_by_the_service() {
            let finished = inspector::status(cloud.lab, &cell.node.uuid)?["finished"] == true;
            findings.expect(&format!("killed {point}: ironic-inspector is through with it"), finished);
        }
    }
    Ok(())
}

fn at_the_bmc(lab: &Lab, cell: &Cell) -> Result<()> {
    let power = if cell.way == Way::OfAClient { "On" } else { "Off" };
    let shown = bmc::fake_system(lab, &cell.system)?;
    ensure!(shown["PowerState"] == power, "it shows {}, not {power}", shown["PowerState"]);
    let target = &shown["Boot"]["BootSourceOverrideTarget"];
    ensure!(target != "Pxe" && target != "Cd", "it holds the override {target}");
    let drive = bmc::fake_drive(lab, &cell.system)?;
    ensure!(drive["Inserted"] != true, "{} is in its drive", drive["Image"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_of_the_engine_has_its_cells() {
        let source = include_str!("../../../../crates/core/src/run/effect.rs");
        let effects = effects(source).unwrap();
        assert!(effects.iter().all(|effect| way_to(effect).is_ok()), "{effects:?}");
        way_to("Teleport").unwrap_err();
    }
}
