//! TFTP without sockets: windows, ends, and names that lead nowhere.

use assay_core::boot::sign::Sign;

use super::*;
use crate::boot::testing::{LOOPBACK, NODE, OneNode, SECRET};

struct Server {
    node: Arc<OneNode>,
    address: SocketAddr,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        let node = OneNode::new();
        let server = TftpServer::bind((LOOPBACK, 0).into(), node.content(&Arc::default())).await.unwrap();
        let (address, stop) = (server.local_addr().unwrap(), CancellationToken::new());
        Self { node, address, stop: stop.clone(), running: tokio::spawn(server.run(stop)) }
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(Duration::from_secs(5), self.running).await.unwrap().unwrap();
    }
}

/// A small client, which loses every block whose number `loses` says.
struct Client {
    socket: UdpSocket,
    window: u64,
    loses: fn(u64) -> bool,
}

impl Client {
    async fn new() -> Self {
        Self { socket: UdpSocket::bind((LOOPBACK, 0)).await.unwrap(), window: 1, loses: |_| false }
    }

    async fn request(&self, server: SocketAddr, fields: &[&str]) {
        let mut packet = vec![0, 1];
        fields.iter().for_each(|field| packet.extend([field.as_bytes(), &[0]].concat()));
        self.socket.send_to(&packet, server).await.unwrap();
    }

    async fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut packet = vec![0; 2000];
        let (len, from) = timeout(Duration::from_secs(10), self.socket.recv_from(&mut packet)).await.unwrap().unwrap();
        packet.truncate(len);
        (packet, from)
    }

    async fn ack(&self, block: u64, to: SocketAddr) {
        let number = (block as u16).to_be_bytes();
        self.socket.send_to(&[0, 4, number[0], number[1]], to).await.unwrap();
    }

    /// Asks for a file with options; returns the OACK's text and the file.
    async fn fetch(&self, server: SocketAddr, name: &str, options: &[&str]) -> (String, Vec<u8>) {
        self.request(server, &[&[name, "octet"], options].concat()).await;
        let (mut packet, from) = self.receive().await;
        assert_ne!(from, server, "a transfer has a port of its own");
        let (mut oack, mut size) = (String::new(), 512);
        if packet[1] == 6 {
            oack = String::from_utf8(packet[2..].to_vec()).unwrap().replace('\0', " ");
            let mut words = oack.split(' ');
            size = words.find(|word| *word == "blksize").map_or(512, |_| words.next().unwrap().parse().unwrap());
            self.ack(0, from).await;
            packet = self.receive().await.0;
        }
        let (mut file, mut next, mut lost) = (Vec::new(), 1, HashSet::new());
        loop {
            assert_eq!(packet[1], 3, "{packet:?}");
            let number = u16::from_be_bytes([packet[2], packet[3]]);
            let loses = number == next as u16 && (self.loses)(next) && lost.insert(next);
            if number == next as u16 && !loses {
                file.extend_from_slice(&packet[4..]);
                let last = packet.len() - 4 < size;
                if last || next % self.window == 0 {
                    self.ack(next, from).await;
                }
                if last {
                    return (oack.trim_end().to_owned(), file);
                }
                next += 1;
            } else if !loses {
                self.ack(next - 1, from).await;
            }
            packet = self.receive().await.0;
        }
    }
}

fn image(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n / 7 % 251) as u8).collect()
}

#[tokio::test]
async fn a_client_without_options_gets_a_file_in_blocks_of_512() {
    let server = Server::start().await;
    for len in [0, 1, 511, 512, 513, 5000] {
        server.node.write("snponly.efi", &image(len));
        let got = Client::new().await.fetch(server.address, "/snponly.efi", &[]).await;
        assert_eq!(got, (String::new(), image(len)), "{len}");
    }
    server.end().await;
}

#[tokio::test]
async fn options_are_agreed_on_and_a_large_file_arrives_whole_through_a_window() {
    let server = Server::start().await;
    let kernel = image(33 << 20);
    server.node.write("kernel", &kernel);
    let client = Client { window: 16, ..Client::new().await };
    let options = ["blksize", "65464", "tsize", "0", "timeout", "3", "windowsize", "16"];
    let (oack, got) = client.fetch(server.address, &format!("{NODE}/deploy_kernel"), &options).await;
    assert_eq!(oack, format!("blksize 1468 tsize {} timeout 3 windowsize 16", kernel.len()));
    assert!(got == kernel);
    assert_eq!(server.node.seen(), [Sign::Kernel]);
    server.end().await;
}

#[tokio::test]
async fn block_numbers_go_on_after_65535() {
    let server = Server::start().await;
    let kernel = image(66_000 * 64 + 3);
    server.node.write("kernel", &kernel);
    let client = Client { window: 64, ..Client::new().await };
    let (_, got) =
        client.fetch(server.address, &format!("{NODE}/deploy_kernel"), &["blksize", "64", "windowsize", "64"]).await;
    assert!(got == kernel);
    server.end().await;
}

#[tokio::test]
async fn lost_blocks_are_sent_again() {
    let server = Server::start().await;
    let kernel = image(100_000);
    server.node.write("kernel", &kernel);
    let client = Client { window: 8, loses: |block| block % 50 == 3, ..Client::new().await };
    let options = ["blksize", "1000", "windowsize", "8", "timeout", "1"];
    let (_, got) = client.fetch(server.address, &format!("{NODE}/deploy_kernel"), &options).await;
    assert!(got == kernel);
    server.end().await;
}

#[tokio::test]
async fn a_script_is_served_from_memory_and_to_its_machine_only() {
    let server = Server::start().await;
    let (_, script) = Client::new().await.fetch(server.address, "pxelinux.cfg/01-52-54-00-ab-cd-01", &[]).await;
    let script = String::from_utf8(script).unwrap();
    assert!(script.starts_with("default deploy\n") && script.contains(SECRET));
    server.end().await;
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_served_is_refused() {
    let server = Server::start().await;
    let client = Client::new().await;
    for name in ["nothing.efi", "../../etc/passwd", "pxelinux.cfg/01-52-54-00-ab-cd-99", "pxelinux.cfg/default"] {
        client.request(server.address, &[name, "octet"]).await;
        assert_eq!(client.receive().await.0, b"\0\x05\0\x01not found\0", "{name}");
    }
    client.socket.send_to(b"\0\x02x\0octet\0", server.address).await.unwrap();
    assert_eq!(client.receive().await.0, b"\0\x05\0\x02files can only be read\0");
    server.end().await;
}

#[tokio::test]
async fn a_repeated_request_starts_no_second_transfer_and_a_stop_ends_the_first() {
    let server = Server::start().await;
    server.node.write("snponly.efi", &image(5000));
    let client = Client::new().await;
    client.request(server.address, &["snponly.efi", "octet"]).await;
    let (_, first) = client.receive().await;
    client.request(server.address, &["snponly.efi", "octet"]).await;
    let (again, from) = client.receive().await;
    assert_eq!((again[3], from), (1, first), "the first block again, after its timeout, on the first port");
    server.end().await;
}
