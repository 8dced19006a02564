//! Which requests fall back to the old approach, which are refused, and which fail: the whole matrix of what is missing or wrong,
//! at the API.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};

use super::cloud::{BY_PROXY, Cloud, Options};
use super::failures::says;
use super::node::{Node, SOON};
use super::{kills, silence};
use crate::lab::neutron::INSPECTION_NETWORK;
use crate::test::findings::Findings;

/// The networks that a node names, with what is wrong with them. The first is none, which is a reason to fall back.
const NETWORKS: &[Network] = &[
    Network { option: None, wrong: None },
    Network { option: Some("nowhere"), wrong: Some("nowhere was not found") },
    Network { option: Some("twice"), wrong: Some("More than one inspection_network was found for name twice") },
    Network { option: Some(INSPECTION_NETWORK), wrong: None },
];
/// Boot interfaces: one that manages nothing, and one that finds no kernel.
const BOOTS: &[&str] = &["fake", "ipxe"];
/// No network, and no images, but those that a node names.
const NOTHING_SET: [(&str, &str); 3] =
    [("OS_NEUTRON__INSPECTION_NETWORK", ""), ("OS_CONDUCTOR__DEPLOY_KERNEL", ""), ("OS_CONDUCTOR__DEPLOY_RAMDISK", "")];

struct Network {
    option: Option<&'static str>,
    wrong: Option<&'static str>,
}

/// One cell of the matrix.
struct Cell<'n> {
    node: &'n Node<'n>,
    network: &'n Network,
    boot: &'n str,
    /// The node has a port, which lacks link information.
    unlinked: bool,
}

/// Beside the matrix, what takes its time: machines whose ramdisk never calls, and what the kills owe.
pub fn allowed(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    serve(cloud, &[("OS_INSPECTOR__REQUIRE_MANAGED_BOOT", "false"), silence::TIMEOUT])?;
    let silent = silence::begin(cloud, findings)?;
    matrix(cloud, "allowed", false, findings)?;
    kills::nothing_left(cloud, findings)?;
    silence::end(&silent, findings)?;
    findings.works("nothing is left", cloud.clean_audit());
    Ok(())
}

pub fn required(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    serve(cloud, &[("OS_INSPECTOR__REQUIRE_MANAGED_BOOT", "true")])?;
    matrix(cloud, "required", true, findings)
}

fn serve(cloud: &Cloud, more: Options) -> Result<()> {
    cloud.serve(&[&[BY_PROXY], &NOTHING_SET[..], more].concat())
}

fn matrix(cloud: &Cloud, name: &str, required: bool, findings: &mut Findings) -> Result<()> {
    let bare = Node::without_ports(cloud, &format!("{name}-bare"), &json!({}))?;
    let unlinked = Node::without_ports(cloud, &format!("{name}-unlinked"), &json!({}))?;
    unlinked.add_port(&format!("52:54:00:ab:04:{:02x}", u8::from(required)), &json!({}))?;
    for network in NETWORKS {
        for boot in BOOTS {
            Cell { node: &bare, network, boot, unlinked: false }.check(required, findings)?;
            Cell { node: &unlinked, network, boot, unlinked: true }.check(required, findings)?;
        }
    }
    let made = cloud
        .stack
        .ports()?
        .into_iter()
        .filter(|port| [&bare, &unlinked].iter().any(|node| port["device_id"] == node.uuid.as_str()));
    findings.equal(&format!("{name}: ports that were made all the same"), &made.count(), &0);
    Ok(())
}

impl Cell<'_> {
    fn check(&self, required: bool, findings: &mut Findings) -> Result<()> {
        if let Some(network) = self.network.option {
            self.node.set(&[("/driver_info/inspection_network", Value::from(network))])?;
        }
        self.node.set(&[("/boot_interface", Value::from(self.boot))])?;
        let validated = self.node.ask("GET", "/validate", None)?.body["inspect"].take();
        let reason = validated["reason"].to_string();
        let words = self.words();
        findings.expect(&format!("{self}: validate says {words:?}: {reason}"), said(&reason, &words));
        let passes = validated["result"].as_bool();
        findings.equal(&format!("{self}: whether validate lets it pass"), &passes, &Some(!required));
        let asked = self.node.ask_for("inspect")?;
        if required {
            findings.equal(&format!("{self}: the answer"), &asked.status, &400);
            let told = asked.body.to_string();
            findings.expect(&format!("{self}: the answer says {words:?}: {told}"), said(&told, &words));
            return Ok(());
        }
        findings.equal(&format!("{self}: the answer"), &asked.status, &202);
        if self.falls_back() { self.waits(findings) } else { self.fails(&words, findings) }
    }

    /// What is absent is a reason to fall back, what is wrong is none.
    fn falls_back(&self) -> bool {
        self.network.wrong.is_none() && !(self.unlinked && self.network.option.is_some())
    }

    /// What the operator has to read: all reasons to fall back, or the one thing that is wrong.
    fn words(&self) -> Vec<&'static str> {
        if let Some(wrong) = self.network.wrong {
            return vec![wrong];
        }
        if !self.falls_back() {
            return vec!["local_link_connection"];
        }
        let network = self.network.option.is_none().then_some("inspection_network is not set");
        let boot = match (self.boot, self.unlinked) {
            ("fake", _) => "does not support validate_inspection",
            (_, false) => "does not have any port",
            (_, true) => "deploy_kernel",
        };
        network.into_iter().chain([boot]).collect()
    }

    fn waits(&self, findings: &mut Findings) -> Result<()> {
        findings.works(&format!("{self}: falls back"), self.node.reaches("inspect wait", SOON));
        self.node.abort()?;
        self.node.provision("manage")
    }

    fn fails(&self, words: &[&str], findings: &mut Findings) -> Result<()> {
        self.node.reaches("inspect failed", SOON)?;
        says(self.node, words, findings)?;
        self.node.provision("manage")
    }
}

fn said(text: &str, words: &[&str]) -> bool {
    words.iter().all(|word| text.contains(word))
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = self.network.option.unwrap_or("no network");
        let port = if self.unlinked { "a port without a link" } else { "no port" };
        write!(f, "{network}, boot {}, {port}", self.boot)
    }
}
