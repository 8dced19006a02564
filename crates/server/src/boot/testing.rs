//! A directory in memory, for the tests of the boot servers.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use assay_core::{
    boot::{BootChain, BootRecord, Callback, DhcpProvider, loader::Loaders, sign::Sign},
    id::{NodeId, RunId},
    kernel::KernelParams,
    mac::MacAddress,
    power::BootMode,
    secret::Secret,
};
use async_trait::async_trait;

use super::{ActiveBoot, BootDirectory, BootListenerConfig, content::BootContent, leases::Leases};

pub const NODE: &str = "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11";
pub const MAC: MacAddress = MacAddress([0x52, 0x54, 0, 0xab, 0xcd, 1]);
pub const SECRET: &str = "RdRflbIL9hg6l93ob5PUkdOqSlN6E5ddTBmxMWpGECY";
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const LOADERS: [&str; 4] = ["snponly.efi", "isolinux.bin", "ldlinux.c32", "gcdx64.efi"];

/// One node that waits, with images in a folder.
pub struct OneNode {
    pub boot: Arc<ActiveBoot>,
    pub folder: tempfile::TempDir,
    pub signs: Mutex<Vec<(Sign, Option<MacAddress>, String)>>,
}

impl OneNode {
    pub fn new() -> Arc<Self> {
        Self::with_addresses(DhcpProvider::Own, Vec::new())
    }

    /// The same with addresses that somebody else's DHCP server gives.
    pub fn with_addresses(dhcp: DhcpProvider, addresses: Vec<(MacAddress, IpAddr)>) -> Arc<Self> {
        let record = BootRecord {
            node: NODE.parse().unwrap(),
            macs: vec![MAC],
            chain: BootChain::Ipxe,
            cpu_arch: None,
            boot_mode: BootMode::Uefi,
            kernel: "kernel".to_owned(),
            ramdisk: "ramdisk".to_owned(),
            params: KernelParams::parse("nofb console=ttyS0").unwrap(),
            callback: Callback::Own(Vec::new()),
            dhcp,
            addresses,
        };
        let run: RunId = "0192d0c8-7b1e-7c3a-9f00-1a2b3c4d5e6f".parse().unwrap();
        let callback = Secret::new(format!("http://127.0.0.1:8080/v1/continue_inspection/{run}/{SECRET}"));
        let folder = tempfile::tempdir().unwrap();
        Arc::new(Self { boot: Arc::new(ActiveBoot { run, record, callback }), folder, signs: Mutex::default() })
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn config(&self) -> BootListenerConfig {
        BootListenerConfig {
            boot_address: Ipv4Addr::LOCALHOST,
            tftp_port: 0,
            http_url: "http://127.0.0.1:8080".to_owned(),
            ipxe_timeout_ms: 0,
            loaders: Loaders::default(),
            loader_files: LOADERS.map(|name| (name.to_owned(), self.folder.path().join(name))).into(),
            dhcp: None,
        }
    }

    pub fn content(self: &Arc<Self>, leases: &Arc<Leases>) -> Arc<BootContent> {
        Arc::new(BootContent::new(self.config(), Arc::clone(self) as _, Arc::clone(leases)))
    }

    pub fn seen(&self) -> Vec<Sign> {
        self.signs.lock().unwrap().iter().map(|(sign, _, _)| *sign).collect()
    }
}

#[async_trait]
impl BootDirectory for OneNode {
    async fn by_mac(&self, mac: MacAddress) -> Option<Arc<ActiveBoot>> {
        (mac == MAC).then(|| Arc::clone(&self.boot))
    }

    async fn by_node(&self, node: NodeId) -> Option<Arc<ActiveBoot>> {
        (node == self.boot.record.node).then(|| Arc::clone(&self.boot))
    }

    async fn by_address(&self, address: IpAddr) -> Option<Arc<ActiveBoot>> {
        self.boot.record.mac_of(address).map(|_| Arc::clone(&self.boot))
    }

    async fn by_disc(&self, run: RunId, secret: &str) -> Option<Arc<ActiveBoot>> {
        (run == self.boot.run && secret == SECRET).then(|| Arc::clone(&self.boot))
    }

    async fn saw(&self, _run: RunId, sign: Sign, mac: Option<MacAddress>, detail: &str) {
        self.signs.lock().unwrap().push((sign, mac, detail.to_owned()));
    }

    async fn image(&self, _run: RunId, key: &str) -> Option<PathBuf> {
        Some(self.folder.path().join(key))
    }
}
