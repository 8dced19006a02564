//! The embedded servers that a booting machine talks to: DHCP, TFTP and boot HTTP.
//!
//! **Invariant:** only NICs of a run that waits are answered, and only names of the closed grammar
//! of `assay_core::boot::names`; every transfer is bounded in time and in memory.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use assay_core::{
    boot::{BootRecord, loader::Loaders, sign::Sign},
    id::{NodeId, RunId},
    mac::MacAddress,
    secret::Secret,
};
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub mod content;
pub mod dhcp;
mod discs;
pub mod guard;
pub mod http;
pub mod leases;
pub mod loaders;
pub mod network;
mod readable;
mod recent;
pub mod router_advertisement;
pub mod tftp;

#[cfg(test)]
mod testing;

/// A run that waits for its ramdisk.
#[derive(Debug)]
pub struct ActiveBoot {
    /// The run; signs of life go to its timeline.
    pub run: RunId,
    /// What the answers are rendered from.
    pub record: BootRecord,
    /// The value of `ipa-inspection-callback-url`: with run id and secret where we are the receiver.
    pub callback: Secret,
}

/// What the boot servers ask of the rest of the service.
#[async_trait]
pub trait BootDirectory: Send + Sync {
    /// The run that waits for the machine with this NIC. `None`: the NIC is not answered.
    async fn by_mac(&self, mac: MacAddress) -> Option<Arc<ActiveBoot>>;

    /// The run that waits for this node.
    async fn by_node(&self, node: NodeId) -> Option<Arc<ActiveBoot>>;

    /// The run that waits for a machine to which Neutron gives this address.
    async fn by_address(&self, address: IpAddr) -> Option<Arc<ActiveBoot>>;

    /// The run whose disc has this secret in its name.
    async fn by_disc(&self, run: RunId, secret: &str) -> Option<Arc<ActiveBoot>>;

    /// Puts a sign of life on the run's timeline.
    async fn saw(&self, run: RunId, sign: Sign, mac: Option<MacAddress>, detail: &str);

    /// The file that holds the image with this key of the image cache.
    async fn image(&self, run: RunId, key: &str) -> Option<PathBuf>;

    /// The leases that were kept, asked once at start.
    async fn leases(&self) -> Vec<leases::Lease> {
        Vec::new()
    }

    /// Keeps a lease over a restart, so that its address is not given to another NIC.
    async fn keep_lease(&self, _lease: leases::Lease) {}
}

/// Where the boot servers listen and what they tell.
#[derive(Clone, Debug)]
pub struct BootListenerConfig {
    /// The address at which machines on the inspection network reach us.
    pub boot_address: Ipv4Addr,
    /// The UDP port of the TFTP server; 0 takes any, for tests.
    pub tftp_port: u16,
    /// What the URLs of boot files start with, such as `http://192.0.2.1:8080`.
    pub http_url: String,
    /// How long iPXE may take for an image, in milliseconds; 0 leaves it to iPXE.
    pub ipxe_timeout_ms: u32,
    /// The loaders that clients are told, by their platform.
    pub loaders: Loaders,
    /// Where each loader that was found lies, by the name that clients ask for.
    pub loader_files: BTreeMap<String, PathBuf>,
    /// The DHCP server, if there is to be one.
    pub dhcp: Option<DhcpConfig>,
}

/// The embedded DHCP server.
#[derive(Clone, Debug)]
pub struct DhcpConfig {
    /// The only network interface that it listens and answers on.
    pub interface: String,
    /// What it gives.
    pub mode: DhcpMode,
    /// Answer iPXE's router solicitations, so that it does not wait 13 s for an IPv6 router.
    pub router_advertisement: bool,
}

/// What the embedded DHCP server gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DhcpMode {
    /// Addresses and boot options.
    Full {
        /// The lowest and the highest address to give.
        range: (Ipv4Addr, Ipv4Addr),
        /// The router to name.
        router: Option<Ipv4Addr>,
        /// How long an address is given for.
        lease: Duration,
    },
    /// Boot options only; another server gives the addresses.
    Proxy,
}

/// A boot server can't start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// TFTP.
    #[error("UDP port {port} on {address} can't be bound for TFTP ([assay] boot_address, tftp_port): {source}")]
    Tftp {
        /// The address.
        address: Ipv4Addr,
        /// The port.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// DHCP.
    #[error(transparent)]
    Dhcp(#[from] dhcp::DhcpError),
}

/// The boot servers, bound and not yet running.
pub struct BootServers {
    content: Arc<content::BootContent>,
    /// The TFTP server.
    pub tftp: tftp::TftpServer,
    dhcp: Option<dhcp::DhcpServer>,
    advertiser: Option<router_advertisement::RouterAdvertiser>,
}

impl BootServers {
    /// Binds every server that the configuration asks for, and takes the kept leases over.
    ///
    /// # Errors
    /// [`BootError`] for the first that can't be bound. Without the right to answer router
    /// solicitations the servers start all the same, since iPXE then only waits.
    pub async fn bind(config: BootListenerConfig, directory: Arc<dyn BootDirectory>) -> Result<Self, BootError> {
        let leases = Arc::new(leases::Leases::default());
        leases.restore(directory.leases().await);
        let content = Arc::new(content::BootContent::new(config.clone(), Arc::clone(&directory), Arc::clone(&leases)));
        let (address, port) = (config.boot_address, config.tftp_port);
        let tftp = tftp::TftpServer::bind((address, port).into(), Arc::clone(&content))
            .await
            .map_err(|source| BootError::Tftp { address, port, source })?;
        let Some(options) = &config.dhcp else { return Ok(Self { content, tftp, dhcp: None, advertiser: None }) };
        let dhcp = dhcp::DhcpServer::bind(&config, options, Arc::clone(&content), leases, directory)?;
        let advertiser = options.router_advertisement.then(|| advertiser(&options.interface, &content)).flatten();
        Ok(Self { content, tftp, dhcp: Some(dhcp), advertiser })
    }

    /// The routes of the boot files, to be merged with the callback's.
    pub fn http(&self) -> axum::Router {
        http::router(Arc::clone(&self.content))
    }

    /// Runs TFTP and DHCP until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let dhcp = async {
            if let Some(dhcp) = self.dhcp {
                dhcp.run(stop.clone()).await;
            }
        };
        let advertiser = async {
            if let Some(advertiser) = self.advertiser {
                advertiser.run(stop.clone()).await;
            }
        };
        tokio::join!(self.tftp.run(stop.clone()), dhcp, advertiser);
    }
}

fn advertiser(interface: &str, content: &Arc<content::BootContent>) -> Option<router_advertisement::RouterAdvertiser> {
    let bound = router_advertisement::RouterAdvertiser::bind(interface, Arc::clone(content));
    if let Err(error) = &bound {
        tracing::warn!(%error, "router solicitations can't be answered: iPXE will wait 13 s on each boot");
    }
    bound.ok().flatten()
}
