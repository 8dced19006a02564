#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::expect_used)]
use assay::{boot::*, listen};
use assay_core::{
    boot::{BootChain, BootRecord, loader::Loaders, sign::Sign},
    id::{NodeId, RunId},
    kernel::KernelParams,
    mac::MacAddress,
    power::BootMode,
    secret::Secret,
};
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
struct One {
    boot: Arc<ActiveBoot>,
    start: Instant,
    kernel: PathBuf,
    ramdisk: PathBuf,
}
#[async_trait::async_trait]
impl BootDirectory for One {
    async fn by_mac(&self, mac: MacAddress) -> Option<Arc<ActiveBoot>> {
        self.boot.record.macs.contains(&mac).then(|| self.boot.clone())
    }
    async fn by_node(&self, node: NodeId) -> Option<Arc<ActiveBoot>> {
        (node == self.boot.record.node).then(|| self.boot.clone())
    }
    async fn saw(&self, _: RunId, sign: Sign, mac: Option<MacAddress>, detail: &str) {
        println!("{:7.3} {sign} {mac:?} {detail}", self.start.elapsed().as_secs_f32());
    }
    async fn image(&self, key: &str) -> Option<PathBuf> {
        Some(if key == "kernel" { self.kernel.clone() } else { self.ramdisk.clone() })
    }
}
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, addr, iface, chain, mode, kernel, ramdisk] = &args[..] else {
        panic!("addr iface chain mode kernel ramdisk")
    };
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).init();
    let address: Ipv4Addr = addr.parse().unwrap();
    let o = address.octets();
    let record = BootRecord {
        node: "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11".parse().unwrap(),
        macs: vec!["52:54:00:ab:cd:01".parse().unwrap()],
        chain: BootChain::parse(chain).unwrap(),
        cpu_arch: None,
        boot_mode: BootMode::Uefi,
        kernel: "kernel".into(),
        ramdisk: "ramdisk".into(),
        params: KernelParams::parse("nofb console=ttyS0").unwrap(),
        callback_bases: vec![],
    };
    let boot = Arc::new(ActiveBoot {
        run: "0192d0c8-7b1e-7c3a-9f00-1a2b3c4d5e6f".parse().unwrap(),
        record,
        callback: Secret::new(format!("http://{addr}:8080/v1/continue_inspection/x/y")),
    });
    let dir = Arc::new(One { boot, start: Instant::now(), kernel: kernel.into(), ramdisk: ramdisk.into() });
    let (loader_files, missing) =
        loaders::find(&Loaders::default(), Some(std::path::Path::new("/tmp/bs/loaders")), &Default::default());
    println!("{loader_files:?} {missing:?}");
    let dhcp = (iface != "none").then(|| DhcpConfig {
        interface: iface.clone(),
        router_advertisement: mode != "nora",
        mode: if mode == "proxy" {
            DhcpMode::Proxy
        } else {
            DhcpMode::Full {
                range: (Ipv4Addr::new(o[0], o[1], o[2], 100), Ipv4Addr::new(o[0], o[1], o[2], 200)),
                router: None,
                lease: Duration::from_secs(600),
            }
        },
    });
    let config = BootListenerConfig {
        boot_address: address,
        tftp_port: if iface == "none" { 6969 } else { 69 },
        http_url: format!("http://{addr}:8080"),
        ipxe_timeout_ms: 0,
        loaders: Loaders::default(),
        loader_files,
        dhcp,
    };
    let servers = BootServers::bind(config, dir).await.unwrap();
    let stop = CancellationToken::new();
    let http = tokio::net::TcpListener::bind((address, 8080)).await.unwrap();
    let router = servers.http();
    let s = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(150)).await;
        s.cancel()
    });
    tokio::join!(servers.run(stop.clone()), listen::serve(http, router, listen::Limits::default(), stop));
}
