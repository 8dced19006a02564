//! What a name stands for: the one place where TFTP and HTTP look things up.

use std::{fs::File, net::IpAddr, sync::Arc, time::Duration, time::SystemTime};

use assay_core::{
    boot::{
        BootChain, DhcpProvider, NodeBoot, grub,
        ipxe::{self, IpxeSettings},
        names::{BootName, ImageKind},
        pxelinux,
        sign::Sign,
    },
    id::{NodeId, RunId},
    inventory::summary::human_size,
    kernel::InvalidKernelParam,
    mac::MacAddress,
    secret::Secret,
};
use metrics::counter;
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::boot::{
    ActiveBoot, BootDirectory, BootListenerConfig, discs::Discs, guard::ScriptGuard, leases::Leases,
    readable::Readable, recent::RecentSigns,
};
use crate::metrics::BOOT_FILES;

/// How long the rest of the service may take to answer one question of ours.
const ASK_DEADLINE: Duration = Duration::from_secs(5);

/// Something to be sent.
#[derive(Debug)]
pub enum Content {
    /// A script, perhaps with a run's secret in it.
    Text(Secret),
    /// A file that is open.
    File(OpenFile),
}

/// A file or a disc that is open, and what HTTP tells of it.
#[derive(Debug)]
pub struct OpenFile {
    /// Its bytes.
    pub content: Arc<dyn Readable>,
    /// Its length in bytes when it was opened.
    pub len: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
}

/// Looks up what booting machines ask for, and notes each request as a sign of life.
pub struct BootContent {
    config: BootListenerConfig,
    directory: Arc<dyn BootDirectory>,
    leases: Arc<Leases>,
    guard: ScriptGuard,
    recent: RecentSigns,
    discs: Discs,
}

impl BootContent {
    /// Content of this configuration, with the leases that the DHCP server gives.
    #[must_use]
    pub fn new(config: BootListenerConfig, directory: Arc<dyn BootDirectory>, leases: Arc<Leases>) -> Self {
        let discs = Discs::new(config.loaders.clone(), config.loader_files.clone());
        Self { config, directory, leases, guard: ScriptGuard::default(), recent: RecentSigns::default(), discs }
    }

    /// What `name` stands for when `peer` asks. `peek` leaves no sign of life: the client only looks
    /// (HTTP's HEAD). `None`: not found, whatever the reason.
    pub async fn find(&self, name: &str, peer: IpAddr, peek: bool) -> Option<Content> {
        let found = match BootName::parse(name)? {
            BootName::Loader(file) => self.loader(file, peer, peek).await,
            BootName::IpxeMain => Some(Content::Text(Secret::new(ipxe::main_script(&self.config.http_url)))),
            BootName::GrubMain => Some(Content::Text(Secret::new(grub::MAIN_CONFIG.to_owned()))),
            BootName::IpxeNode(mac) => {
                let settings =
                    IpxeSettings { base_url: &self.config.http_url, timeout_ms: self.config.ipxe_timeout_ms };
                self.script(mac, peer, peek, |boot| ipxe::node_script(boot, settings)).await
            }
            BootName::PxelinuxNode(mac) => self.script(mac, peer, peek, pxelinux::node_config).await,
            BootName::GrubNode(mac) => self.script(mac, peer, peek, grub::node_config).await,
            BootName::Image(node, kind) => self.image(node, kind, peer, peek).await,
            BootName::Disc(run, secret) => self.disc(run, secret, peer, peek).await,
        };
        counter!(BOOT_FILES, "outcome" => if found.is_some() { "found" } else { "not_found" }).increment(1);
        tracing::info!(boot.file = name, boot.peer = %peer, boot.found = found.is_some(), "boot file asked for");
        found
    }

    async fn loader(&self, name: &str, peer: IpAddr, peek: bool) -> Option<Content> {
        let path = self.config.loader_files.get(name)?.clone();
        if !peek && let Some((mac, boot)) = self.by_address(peer).await {
            self.saw(&boot, Sign::Loader, Some(mac), &format!("{name} by {peer}")).await;
        }
        open(path).await.map(Content::File)
    }

    async fn script(
        &self,
        mac: MacAddress,
        peer: IpAddr,
        peek: bool,
        render: impl Fn(&NodeBoot<'_>) -> Result<Secret, InvalidKernelParam>,
    ) -> Option<Content> {
        let boot = self.by_mac(mac).await.filter(|boot| boot.record.chain != BootChain::VirtualMedia)?;
        if let Err(refusal) = self.guard.admit(boot.run, mac, peer, &self.addresses_of(&boot, mac)) {
            tracing::warn!(node.id = %boot.record.node, run.id = %boot.run, port.mac = %mac, "{refusal}");
            self.saw(&boot, Sign::Refused, Some(mac), &refusal.to_string()).await;
            return None;
        }
        match render(&NodeBoot { record: &boot.record, callback: &boot.callback, mac: Some(mac) }) {
            Ok(script) => {
                if !peek {
                    self.saw(&boot, Sign::Script, Some(mac), &format!("by {peer}")).await;
                }
                Some(Content::Text(script))
            }
            Err(error) => {
                tracing::error!(node.id = %boot.record.node, run.id = %boot.run, %error, "the boot script can't be rendered");
                None
            }
        }
    }

    /// The addresses that are known to be the NIC's: those that Neutron gives, or our own lease.
    fn addresses_of(&self, boot: &ActiveBoot, mac: MacAddress) -> Vec<IpAddr> {
        match boot.record.dhcp {
            DhcpProvider::Own => self.leases.address_of(mac, SystemTime::now()).map(IpAddr::V4).into_iter().collect(),
            DhcpProvider::Neutron | DhcpProvider::Foreign => boot.record.addresses_of(mac).collect(),
        }
    }

    async fn image(&self, node: NodeId, kind: ImageKind, peer: IpAddr, peek: bool) -> Option<Content> {
        let boot = timeout(ASK_DEADLINE, self.directory.by_node(node)).await.ok()??;
        let (key, sign) = match kind {
            ImageKind::Kernel => (&boot.record.kernel, Sign::Kernel),
            ImageKind::Ramdisk => (&boot.record.ramdisk, Sign::Ramdisk),
        };
        let path = timeout(ASK_DEADLINE, self.directory.image(boot.run, key)).await.ok()?;
        let Some(file) = open(path?).await else {
            tracing::error!(node.id = %node, run.id = %boot.run, image.key = %key, "the image is not in the cache any more");
            return None;
        };
        if !peek {
            let mac = boot.record.mac_of(peer).or_else(|| self.leases.mac_of(peer));
            self.saw(&boot, sign, mac, &format!("{} to {peer}", human_size(file.len))).await;
        }
        Some(Content::File(file))
    }

    /// The disc of a run. What it holds is rendered anew for each request, and is the same each time.
    async fn disc(&self, run: RunId, secret: &str, peer: IpAddr, peek: bool) -> Option<Content> {
        let boot = timeout(ASK_DEADLINE, self.directory.by_disc(run, secret)).await.ok()??;
        let path = async |key| timeout(ASK_DEADLINE, self.directory.image(boot.run, key)).await.ok()?;
        let (kernel, ramdisk) = (path(&boot.record.kernel).await?, path(&boot.record.ramdisk).await?);
        match self.discs.open(Arc::clone(&boot), kernel, ramdisk).await {
            Ok(file) => {
                if !peek {
                    self.saw(&boot, Sign::Media, None, &format!("{} to {peer}", human_size(file.len))).await;
                }
                Some(Content::File(file))
            }
            Err(error) => {
                tracing::error!(node.id = %boot.record.node, run.id = %run, %error, "the disc can't be put together");
                None
            }
        }
    }

    /// The NIC with this address, and the run that waits for it.
    async fn by_address(&self, address: IpAddr) -> Option<(MacAddress, Arc<ActiveBoot>)> {
        if let Some(mac) = self.leases.mac_of(address)
            && let Some(boot) = self.by_mac(mac).await
            && boot.record.dhcp == DhcpProvider::Own
        {
            return Some((mac, boot));
        }
        let boot = timeout(ASK_DEADLINE, self.directory.by_address(address)).await.ok()??;
        Some((boot.record.mac_of(address)?, boot))
    }

    /// The run that waits for this NIC.
    pub async fn by_mac(&self, mac: MacAddress) -> Option<Arc<ActiveBoot>> {
        timeout(ASK_DEADLINE, self.directory.by_mac(mac)).await.ok()?
    }

    /// Puts a sign of life on the run's timeline; a service that is too slow loses it, and so does a
    /// client that gives the same sign again and again.
    pub async fn saw(&self, boot: &ActiveBoot, sign: Sign, mac: Option<MacAddress>, detail: &str) {
        if !self.recent.is_news(boot.run, sign, mac, Instant::now()) {
            return;
        }
        if timeout(ASK_DEADLINE, self.directory.saw(boot.run, sign, mac, detail)).await.is_err() {
            tracing::warn!(run.id = %boot.run, boot.sign = %sign, "a sign of life could not be stored in time");
        }
    }
}

async fn open(path: std::path::PathBuf) -> Option<OpenFile> {
    let shown = path.display().to_string();
    let opened = spawn_blocking(move || {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(std::io::Error::other("not a regular file"));
        }
        Ok(OpenFile { len: about.len(), modified: about.modified().ok(), content: Arc::new(file) })
    });
    match opened.await.map_err(std::io::Error::other).flatten() {
        Ok(file) => Some(file),
        Err(error) => {
            tracing::error!(boot.path = shown, %error, "a boot file can't be opened");
            None
        }
    }
}
