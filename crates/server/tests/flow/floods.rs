//! Strangers flood every listener while inspections go on: none is lost, and memory stays within its budget.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use assay_sim::{
    Hardware, Ramdisk,
    harness::{Installation, Setup, Site},
};
use futures::future::join_all;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpStream, UdpSocket},
    time::timeout,
};

const MACHINES: usize = 6;
/// Bodies have a budget of 64 MiB; the rest is what a debug build takes for a thousand connections.
const BUDGET_KIB: u64 = 256 << 10;
const CONNECTIONS: usize = 300;
const PEERS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(120);

/// A number of kibibytes in the status of the binary's process.
fn kib(site: &mut Site, field: &str) -> u64 {
    let id = site.process().unwrap().id().unwrap();
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap()
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Connections that begin a request and never end its head, at every HTTP listener.
async fn half_open(installation: &Installation) -> Vec<TcpStream> {
    let ports = &installation.ports;
    let mut held = Vec::new();
    for number in 0..CONNECTIONS {
        let port = [ports.api, ports.introspection, ports.boot, ports.operations][number % 4];
        if let Ok(mut stream) = TcpStream::connect(local(port)).await {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.ok();
            held.push(stream);
        }
    }
    held
}

/// Posts of two mebibytes with a wrong secret, and some that never come to their end.
async fn callbacks(base: String, sent: &AtomicUsize) {
    let client = reqwest::Client::new();
    let body = "x".repeat(2 << 20);
    let url = format!("{base}/v1/continue_inspection/01a217d9-a15a-773d-9b56-9f5bcab16cff/{}", "A".repeat(43));
    loop {
        let answer = client.post(&url).body(body.clone()).timeout(Duration::from_secs(5)).send().await;
        assert!(answer.map_or(true, |answer| !answer.status().is_success()), "a wrong secret was taken");
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Requests for a loader from ever new ports, none of which is ever acknowledged.
async fn reads(tftp: SocketAddr, sent: &AtomicUsize) {
    loop {
        let socket = UdpSocket::bind(local(0)).await.unwrap();
        for _ in 0..4 {
            socket.send_to(b"\0\x01undionly.kpxe\0octet\0blksize\x001468\0", tftp).await.ok();
        }
        sent.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s10_floods_at_every_listener_lose_no_inspection_and_stay_within_the_budget() {
    let hardware = Hardware { machines: MACHINES, ramdisk: Ramdisk::default(), ..Hardware::default() };
    let setup = Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options: Vec::new() };
    let mut site = Site::start(setup).await.unwrap();
    let nodes = join_all((0..MACHINES).map(|machine| site.enrol(machine))).await;
    let nodes: Vec<String> = nodes.into_iter().map(Result::unwrap).collect();
    let before = kib(&mut site, "VmRSS");

    let held = half_open(&site.installation).await;
    let (posted, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let base = site.installation.boot_url();
    let tftp = local(site.installation.ports.tftp);
    let flood = async {
        let posts = join_all((0..PEERS).map(|_| callbacks(base.clone(), &posted)));
        let asks = join_all((0..PEERS).map(|_| reads(tftp, &asked)));
        tokio::join!(posts, asks)
    };
    // A round of inspections may take less than one of the flood's posts, so rounds go on until the flood was felt.
    let inspections = async {
        while [&posted, &asked].iter().any(|sent| sent.load(Ordering::Relaxed) < 2 * PEERS) {
            for end in join_all(nodes.iter().map(|node| site.inspect(node, "manageable"))).await {
                end.unwrap();
            }
        }
    };
    tokio::select! {
        _ = flood => unreachable!("the flood does not end by itself"),
        felt = timeout(PATIENCE, inspections) => felt.expect("the flood was not felt"),
    }
    drop(held);
    for machine in 0..MACHINES {
        site.assert_nothing_left(machine).await.unwrap();
    }
    let most = kib(&mut site, "VmHWM");
    assert!(
        most < before + BUDGET_KIB,
        "{most} KiB at most, {before} KiB before; {posted:?} posts, {asked:?} requests"
    );
}
