//! The stock client of the bare metal API, `baremetal` of python-ironicclient: what users use is what we show and test with.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::assay::{API, INTROSPECTION};
use crate::command;
use crate::lab::machine::Machine;
use crate::lab::{Lab, REDFISH, bmc};
use crate::project::Project;
use crate::setup::python;

/// The `baremetal` command, inside a lab.
#[derive(Debug)]
pub struct Client<'a> {
    lab: &'a Lab,
    program: PathBuf,
}

impl<'a> Client<'a> {
    /// The client that the set-up installed.
    pub fn new(project: &Project, lab: &'a Lab) -> Result<Self> {
        Ok(Self { lab, program: python::stock_clients(project)?.join("bin/baremetal") })
    }

    /// Runs `baremetal` with these words, and gives what it printed.
    pub fn run(&self, words: &[&str]) -> Result<String> {
        command::output(self.command().args(words))
    }

    /// Runs `baremetal` with these words and `-f json`.
    pub fn json(&self, words: &[&str]) -> Result<Value> {
        let printed = command::output(self.command().args(words).args(["-f", "json"]))?;
        serde_json::from_str(&printed).with_context(|| format!("baremetal {} printed no JSON", words.join(" ")))
    }

    /// Enrols a machine and its port; the node gets the machine's name.
    pub fn enrol(&self, machine: &Machine, more: &[&str]) -> Result<()> {
        let (address, system) =
            (format!("redfish_address={REDFISH}"), format!("redfish_system_id=/redfish/v1/Systems/{}", machine.uuid()));
        let (user, password) =
            (format!("redfish_username={}", bmc::USER), format!("redfish_password={}", bmc::PASSWORD));
        let mut words = vec!["node", "create", "--driver", "redfish", "--name", &machine.name];
        for info in [&address, &system, &user, &password] {
            words.extend(["--driver-info", info]);
        }
        words.extend(["--boot-interface", "ipxe", "--network-interface", "noop", "--inspect-interface", "agent"]);
        words.extend(more);
        let node = self.json(&words)?;
        let uuid = node["uuid"].as_str().context("the created node has no uuid")?;
        self.run(&["port", "create", &machine.mac(), "--node", uuid]).map(drop)
    }

    /// Runs `openstack baremetal introspection` with these words against the built-in service.
    pub fn introspection(&self, words: &[&str]) -> Result<Value> {
        let mut openstack = self.lab.command(self.program.with_file_name("openstack"));
        openstack.env("OS_AUTH_TYPE", "none").env("OS_ENDPOINT", API).env("INSPECTOR_URL", INTROSPECTION);
        openstack.args(["baremetal", "introspection"]).args(words).args(["-f", "json"]);
        let printed = command::output(&mut openstack)?;
        serde_json::from_str(&printed).with_context(|| format!("introspection {} printed no JSON", words.join(" ")))
    }

    fn command(&self) -> Command {
        let mut command = self.lab.command(&self.program);
        command.env("OS_AUTH_TYPE", "none").env("OS_ENDPOINT", API);
        command
    }
}
