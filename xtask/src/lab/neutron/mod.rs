//! Keystone and Neutron beside the lab's machines: networks are VLANs of the lab's own switch, which Neutron reaches over SSH,
//! and its DHCP agent serves the inspection network.
//!
//! All of it listens inside the lab's network namespace, keeps its data in the lab's folder, and ends with the lab.
//! **Invariant**: what is said here about a port's VLAN was asked of the switch, never of Neutron.

mod database;
mod identity;
mod networks;
pub mod openstack;
pub mod proxy;
mod services;
mod settings;

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::machine::Machine;
use super::{INSPECTION_TAG, Lab, switch};
use crate::project::{Project, read, write};
use openstack::Session;
use settings::Place;

/// Where Keystone is, inside the lab.
pub const IDENTITY: &str = "http://127.0.0.1:5000/v3";
/// Where Neutron is.
pub const NETWORK: &str = "http://127.0.0.1:9696";
/// The region of the catalog's endpoints.
pub const REGION: &str = "RegionOne";
/// The user for whom Assay calls Neutron, in the project [`PROJECT`], with the roles `admin` and `service`.
pub const USER: &str = "assay";
/// The project of the services.
pub const PROJECT: &str = "service";
/// The password of every user.
pub const PASSWORD: &str = "hunter2";
/// The VLAN of a machine's port that no Neutron port is bound to.
pub const TENANT_TAG: u16 = 200;
/// The name of the lab's switch, in Neutron and in `local_link_connection`.
pub const SWITCH: &str = "lab-switch";
/// Its MAC address.
pub const SWITCH_ID: &str = "52:54:00:aa:bb:01";
/// The name of a switch that Neutron knows and nobody answers for.
pub const DEAD_SWITCH: &str = "dead-switch";
/// Its MAC address.
pub const DEAD_SWITCH_ID: &str = "52:54:00:aa:bb:02";
/// The network that Assay's option `inspection_network` names here.
pub const INSPECTION_NETWORK: &str = "inspection";

/// The parts that run, each by the name under which the [lab](Lab::runs) knows it; in the order of their start.
pub mod part {
    /// Between Neutron's server and its agents.
    pub const RABBITMQ: &str = "rabbitmq";
    /// The switch's command line.
    pub const SSH: &str = "sshd";
    /// Tokens and the catalog.
    pub const KEYSTONE: &str = "keystone";
    /// Neutron's API.
    pub const API: &str = "neutron-api";
    /// Neutron's side of the talk with its agents.
    pub const RPC: &str = "neutron-rpc";
    /// What wires the DHCP server's port.
    pub const SWITCH_AGENT: &str = "neutron-ovs-agent";
    /// What runs the DHCP server.
    pub const DHCP_AGENT: &str = "neutron-dhcp-agent";
}

/// The running cloud of a lab.
#[derive(Debug)]
pub struct Stack<'a> {
    lab: &'a Lab,
    place: Place,
    /// A token of Assay's user.
    pub session: Session<'a>,
    /// What `stack.json` holds: addresses, credentials, networks, switch ports.
    pub facts: Value,
}

impl<'a> Stack<'a> {
    /// Starts Keystone, Neutron and its agents in a lab, puts its machines on the tenant's VLAN, and makes the networks.
    pub fn up(project: &Project, lab: &'a Lab) -> Result<Self> {
        let place = Place::new(project, lab)?;
        settings::write_all(project, &place)?;
        services::rabbitmq(lab, &place)?;
        database::up(project, lab, &place)?;
        services::keystone(lab, &place)?;
        services::switch(lab, &place)?;
        services::neutron(lab, &place)?;
        for nic in lab.machines.iter().flat_map(Machine::nics) {
            switch::set_tag(lab, &nic.port, TENANT_TAG)?;
        }
        services::agents(project, lab, &place)?;
        let session = Session::open(lab, USER, PASSWORD, PROJECT)?;
        let networks = networks::make(&session)?;
        networks::wait_for_dhcp(lab, &place, &session)?;
        let facts = facts(lab, &networks, &identity::application_credential(&place)?);
        write(&lab.folder.join(FACTS), &serde_json::to_string_pretty(&facts)?)?;
        write(&lab.folder.join("clouds.yaml"), &clouds())?;
        Ok(Self { lab, place, session, facts })
    }

    /// The VLAN that the switch has on the port of this name.
    pub fn tag(&self, port: &str) -> Result<Option<u16>> {
        switch::tag(self.lab, port)
    }

    /// Neutron's ports for the machines: all that the DHCP agent did not make.
    pub fn ports(&self) -> Result<Vec<Value>> {
        let answer = self.session.get(&format!("{NETWORK}/v2.0/ports"))?;
        let ports = answer["ports"].as_array().cloned().unwrap_or_default();
        Ok(ports.into_iter().filter(|port| port["device_owner"] != "network:dhcp").collect())
    }

    /// Gives the switch a port with no machine on it, in the tenant's VLAN.
    pub fn add_port(&self, port: &str) -> Result<()> {
        switch::add_port(self.lab, port, TENANT_TAG)
    }

    /// Plugs a port of the switch into a VLAN, as somebody does who works there by hand.
    pub fn plug(&self, port: &str, vlan: u16) -> Result<()> {
        switch::set_tag(self.lab, port, vlan)
    }

    /// The hosts that the DHCP server of the inspection network knows: a line for each, with its MAC address.
    pub fn dhcp_hosts(&self) -> Result<String> {
        let network = self.facts["networks"][INSPECTION_NETWORK]["id"].as_str().context("no inspection network")?;
        read(&self.place.file("state/dhcp").join(network).join("host"))
    }

    /// Stops Neutron's API.
    pub fn stop_api(&self) {
        self.lab.stop(part::API);
    }

    /// Starts Neutron's API again, and waits until it answers.
    pub fn start_api(&self) -> Result<()> {
        services::api(self.lab, &self.place)?;
        services::answers(self.lab, part::API, &format!("{NETWORK}/"))
    }

    /// How many requests Keystone and Neutron have answered so far.
    pub fn requests(&self) -> Result<(usize, usize)> {
        let count = |part| Ok::<_, anyhow::Error>(read(&self.lab.log(part))?.matches("=> generated").count());
        Ok((count(part::KEYSTONE)?, count(part::API)?))
    }

    /// What somebody who works with the cloud by hand must know.
    pub fn guide(&self) -> String {
        format!(
            "  Keystone {IDENTITY}, user {USER}, password {PASSWORD}, project {PROJECT}\n  Neutron  {NETWORK}, networks {}\n  \
             switch   ip netns exec {name} ovs-vsctl --db=unix:{folder}/db.sock show\n  \
             client   ip netns exec {name} env OS_CLIENT_CONFIG_FILE={folder}/clouds.yaml OS_CLOUD=lab openstack\n  \
             facts    {folder}/{FACTS}\n",
            networks::names(),
            name = self.lab.name,
            folder = self.lab.folder.display(),
        )
    }
}

const FACTS: &str = "stack.json";

/// The ports of a lab's switch as Ironic's `local_link_connection` names them.
pub fn local_link(port: &str) -> Value {
    json!({"switch_id": SWITCH_ID, "switch_info": SWITCH, "port_id": port})
}

fn facts(lab: &Lab, networks: &Value, application_credential: &Value) -> Value {
    let ports: serde_json::Map<String, Value> = lab
        .machines
        .iter()
        .map(|machine| {
            let port =
                json!({"address": machine.mac(), "local_link_connection": local_link(&machine.name), "vlan": TENANT_TAG});
            (machine.name.clone(), port)
        })
        .collect();
    json!({
        "auth_url": IDENTITY, "network_url": NETWORK, "region_name": REGION, "domain": "Default",
        "username": USER, "password": PASSWORD, "project_name": PROJECT, "application_credential": application_credential,
        "networks": networks, "inspection_vlan": INSPECTION_TAG, "tenant_vlan": TENANT_TAG,
        "switch": {"name": SWITCH, "id": SWITCH_ID}, "dead_switch": {"name": DEAD_SWITCH, "id": DEAD_SWITCH_ID},
        "ports": ports,
    })
}

fn clouds() -> String {
    format!(
        "clouds:\n  lab:\n    region_name: {REGION}\n    auth:\n      auth_url: {IDENTITY}\n      username: {USER}\n      \
         password: {PASSWORD}\n      project_name: {PROJECT}\n      user_domain_name: Default\n      project_domain_name: Default\n"
    )
}

/// A JSON document that an earlier step wrote.
fn document(path: &Path) -> Result<Value> {
    serde_json::from_str(&read(path)?).with_context(|| format!("{} is not JSON", path.display()))
}
