//! A fake Keystone and a fake Neutron on real sockets, with the switches behind Neutron's ports.
//!
//! Their answers have the shapes, the status codes and the error types that were recorded of
//! Keystone 30 and Neutron 29 with networking-generic-switch; `tests/sim/cloud` replays the records.

mod gate;
mod keystone;
mod log;
mod neutron;
mod request;
mod service;
mod setup;
mod state;

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
};

use anyhow::Context as _;
use assay_core::mac::MacAddress;
use serde_json::{Value, json};

pub use log::Seen;
pub use request::CloudRequest;
pub use setup::{Catalog, CloudSetup, Endpoint, FakeCredential, FakeNetwork, FakeSubnet, FakeSwitch, FakeUser};

use crate::{
    fault::{Fault, Times},
    harness::free_port,
    world::locked,
};
use gate::Service;
use service::Runner;
use state::CloudState;

/// Which address a NIC gets.
pub(crate) type Addresses = Arc<dyn Fn(MacAddress) -> Option<IpAddr> + Send + Sync>;

/// A running cloud; it stops when it is dropped.
pub struct Cloud {
    state: Arc<CloudState>,
    keystone: Runner,
    neutron: Runner,
}

impl Cloud {
    /// Starts both services on free ports of the loopback.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(setup: CloudSetup) -> anyhow::Result<Self> {
        let (keystone, neutron) = (free_port()?, free_port()?);
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let state = Arc::new(CloudState::new(setup, url(keystone), url(neutron)));
        let keystone = Runner::new(Service::Keystone, keystone, state.clone());
        let neutron = Runner::new(Service::Neutron, neutron, state.clone());
        keystone.start().await?;
        neutron.start().await?;
        Ok(Self { state, keystone, neutron })
    }

    /// Keystone's address, with the version.
    #[must_use]
    pub fn auth_url(&self) -> String {
        format!("{}/v3", self.state.keystone_url)
    }

    /// Neutron's address as the catalog has it, without the version.
    #[must_use]
    pub fn network_url(&self) -> String {
        self.state.neutron_url.clone()
    }

    /// The options of the binary with which it uses this cloud, as the first user of the setup.
    #[must_use]
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let setup = &self.state.setup;
        let mut options = vec![
            ("OS_NEUTRON__AUTH_TYPE", "password".into()),
            ("OS_NEUTRON__AUTH_URL", self.auth_url()),
            ("OS_NEUTRON__USER_DOMAIN_NAME", "Default".into()),
            ("OS_NEUTRON__PROJECT_DOMAIN_NAME", "Default".into()),
            ("OS_NEUTRON__REGION_NAME", setup.catalog.region.clone()),
            ("OS_NEUTRON__INSPECTION_NETWORK", "inspection".into()),
        ];
        if let Some(user) = setup.users.first() {
            options.push(("OS_NEUTRON__USERNAME", user.name.clone()));
            options.push(("OS_NEUTRON__PASSWORD", user.password.clone()));
            options.push(("OS_NEUTRON__PROJECT_NAME", user.project.clone()));
        }
        options
    }

    /// The id of the first network with this name; empty if there is none.
    #[must_use]
    pub fn network(&self, name: &str) -> String {
        let mut named = self.state.setup.networks.iter().filter(|network| network.name == name);
        named.next().map(|network| network.id.to_string()).unwrap_or_default()
    }

    /// The id of a project.
    #[must_use]
    pub fn project(&self, name: &str) -> String {
        setup::keystone_id("project", name)
    }

    /// A `local_link_connection` for a port of the first switch.
    #[must_use]
    pub fn link(&self, port: &str) -> Value {
        let switch = self.state.setup.switches.first();
        let (info, id) = switch.map(|switch| (&switch.info, &switch.id)).unzip();
        json!({"switch_info": info, "switch_id": id, "port_id": port})
    }

    /// All ports that there are, with all that an administrator sees of them.
    #[must_use]
    pub fn ports(&self) -> Vec<Value> {
        locked(&self.state.ports).all()
    }

    /// Puts a port there that Assay has not made, and returns its id. `values` are attributes of a
    /// port; without some of them it is a virtual machine's of the project `tenant`, on the network
    /// `tenant`. It is bound as if it had been created through the API.
    ///
    /// # Errors
    /// Neutron would refuse such a port.
    pub fn add_port(&self, values: Value) -> anyhow::Result<String> {
        let Value::Object(values) = values else { anyhow::bail!("a port's attributes are an object") };
        locked(&self.state.ports).add_foreign(&self.state.setup, values).context("a port that Neutron would refuse")
    }

    /// Finds the address that a NIC gets.
    pub(crate) fn addresses(&self) -> Addresses {
        let state = Arc::clone(&self.state);
        Arc::new(move |mac| {
            let ports = locked(&state.ports).all();
            let of_nic = |port: &&Value| port["mac_address"] == mac.to_string();
            ports.iter().filter(of_nic).find_map(|port| port["fixed_ips"][0]["ip_address"].as_str()?.parse().ok())
        })
    }

    /// Takes a port away behind everybody's back, as its project's administrator might.
    pub fn remove_port(&self, id: &str) {
        locked(&self.state.ports).remove(id);
    }

    /// The VLAN that a port of a switch is set to. Of two Neutron ports on one switch port the last
    /// to be bound sets it, and the first to go clears it under the other.
    #[must_use]
    pub fn switch(&self, port_id: &str) -> Option<u16> {
        locked(&self.state.ports).switch(port_id)
    }

    /// What Neutron was asked.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.state.log(Service::Neutron).all()
    }

    /// What Keystone was asked.
    #[must_use]
    pub fn keystone_requests(&self) -> Vec<Seen> {
        self.state.log(Service::Keystone).all()
    }

    /// How many tokens Keystone has given out.
    #[must_use]
    pub fn tokens_issued(&self) -> usize {
        self.state.tokens.issued()
    }

    /// Revokes every token.
    pub fn revoke_tokens(&self) {
        self.state.tokens.revoke_all();
    }

    /// Plans a fault for a kind of request.
    pub fn inject(&self, request: CloudRequest, fault: Fault, times: Times) {
        self.state.faults.inject((request, None), fault, times);
    }

    /// Plans a fault for those requests of a kind that have this text in their path, query or body,
    /// such as a MAC address.
    pub fn inject_for(&self, text: &str, request: CloudRequest, fault: Fault, times: Times) {
        self.state.faults.inject((request, Some(text.to_owned())), fault, times);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.state.faults.clear();
    }

    /// Neutron goes: its port refuses connections. What it knows is kept.
    pub fn stop_neutron(&self) {
        self.neutron.stop();
    }

    /// Neutron comes back.
    ///
    /// # Errors
    /// Its port was taken.
    pub async fn start_neutron(&self) -> anyhow::Result<()> {
        Ok(self.neutron.start().await?)
    }

    /// Keystone goes: its port refuses connections.
    pub fn stop_keystone(&self) {
        self.keystone.stop();
    }

    /// Keystone comes back, with the tokens that it had given out.
    ///
    /// # Errors
    /// Its port was taken.
    pub async fn start_keystone(&self) -> anyhow::Result<()> {
        Ok(self.keystone.start().await?)
    }

    /// While Neutron is starting, it listens and answers everything with a 404 that is not its own.
    pub fn neutron_is_starting(&self, starting: bool) {
        self.state.starting.store(starting, Ordering::SeqCst);
    }
}
