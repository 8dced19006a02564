//! The isolated network: a fake Neutron on a real socket, whose switch ports the inspections move.
//!
//! What is left is asked of that Neutron and of its switch, never of the binary.

mod answers;
mod changed;
mod happy;
mod refused;

use assay_core::mac::MacAddress;
use assay_sim::{
    Cloud, CloudRequest, CloudSetup, Hardware, Ramdisk,
    harness::{Setup, Site},
};
use serde_json::{Value, json};

/// The VLAN of the inspection network.
const INSPECTION: u16 = 102;

/// A machine with two NICs, each plugged into the cloud's switch, and its node.
pub struct Isolated {
    pub site: Site,
    pub cloud: Cloud,
    pub node: String,
}

/// A cloud whose inspection network is on the loopback.
pub fn setup() -> CloudSetup {
    CloudSetup::on_loopback()
}

/// The name of the switch port behind a NIC.
pub fn switch_port(nic: usize) -> String {
    format!("swp{nic}")
}

impl Isolated {
    pub async fn new(ramdisk: Ramdisk) -> Self {
        Self::with(ramdisk, setup(), &[], |_| {}).await
    }

    /// With changes of the cloud, of the options, and of what the node is created with.
    pub async fn with(
        ramdisk: Ramdisk,
        setup: CloudSetup,
        options: &[(&'static str, &str)],
        change: fn(&mut Value),
    ) -> Self {
        let cloud = Cloud::start(setup).await.unwrap();
        let own = [("OS_NEUTRON__REQUEST_TIMEOUT", "4".to_owned()), ("OS_INSPECTOR__ADD_PORTS", "all".to_owned())];
        let more = options.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let options = cloud.options().into_iter().chain(own).chain(more).collect();
        let hardware = Hardware { nics: 2, ramdisk, ..Hardware::default() };
        let site = Site::start(Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options }).await.unwrap();
        site.world.addresses_from(&cloud);
        let mut node = site.node(0);
        node["network_interface"] = json!("neutron");
        change(&mut node);
        let created = site.rest.post("/v1/nodes", &node).await.unwrap();
        let node = created["uuid"].as_str().unwrap().to_owned();
        let isolated = Self { site, cloud, node };
        for (at, mac) in isolated.macs().iter().enumerate() {
            isolated.port(*mac, isolated.cloud.link(&switch_port(at))).await;
        }
        isolated.site.rest.provision(&isolated.node, "manage").await.unwrap();
        isolated.site.wait_for(&isolated.node, "manageable").await.unwrap();
        isolated
    }

    pub async fn port(&self, mac: MacAddress, link: Value) {
        let port = json!({"node_uuid": self.node, "address": mac, "local_link_connection": link});
        self.site.rest.post("/v1/ports", &port).await.unwrap();
    }

    pub fn macs(&self) -> Vec<MacAddress> {
        self.site.world.machine(0).nics.clone()
    }

    /// Inspects the node up to this state, and returns it.
    pub async fn inspect(&self, end: &str) -> Value {
        self.site.inspect(&self.node, end).await.unwrap()
    }

    pub async fn wait_for(&self, state: &str) -> Value {
        self.site.wait_for(&self.node, state).await.unwrap()
    }

    /// The VLANs of the switch ports behind the NICs.
    pub fn vlans(&self) -> [Option<u16>; 2] {
        [0, 1].map(|nic| self.cloud.switch(&switch_port(nic)))
    }

    /// Our ports at Neutron.
    pub fn ours(&self) -> Vec<Value> {
        let mut ports = self.cloud.ports();
        ports.retain(|port| port["name"].as_str().unwrap_or_default().starts_with("assay:"));
        ports
    }

    /// How often Neutron was asked this.
    pub fn asked(&self, what: CloudRequest) -> usize {
        self.cloud.requests().iter().filter(|seen| seen.request == what).count()
    }

    /// Neutron, its switch and the BMC show no trace of an inspection.
    pub async fn assert_nothing_left(&self) {
        assert_eq!(self.ours(), Vec::<Value>::new(), "{}", self.site.log());
        assert_eq!(self.vlans(), [None, None]);
        self.site.assert_nothing_left(0).await.unwrap();
    }

    /// Waits until that is so: what failed is tried again after five seconds.
    pub async fn until_nothing_left(&self) {
        let began = std::time::Instant::now();
        while !self.ours().is_empty() {
            assert!(began.elapsed() < assay_sim::harness::PATIENCE, "{:?} {}", self.ours(), self.site.log());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        self.assert_nothing_left().await;
    }
}
