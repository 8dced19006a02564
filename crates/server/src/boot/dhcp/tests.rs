//! Leases, and who is answered at all.

use dhcproto::v4::{DhcpOption, MessageType, Opcode};

use super::*;
use crate::boot::{
    dhcp::answer::tests::{context, packet, proxy},
    testing::{LOOPBACK, MAC, OneNode},
};

fn core(node: &Arc<OneNode>, context: DhcpContext) -> DhcpCore {
    let leases = Arc::<Leases>::default();
    let content = node.content(&leases);
    DhcpCore { context, content, leases, directory: Arc::clone(node) as _ }
}

fn broadcast() -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, CLIENT_PORT).into()
}

#[tokio::test]
async fn only_a_nic_whose_run_waits_is_answered_and_the_ack_is_a_sign_of_life() {
    let node = OneNode::new();
    let core = core(&node, context());
    let ask = |mac, kind, options| packet(mac, kind, options);
    let stranger = assay_core::mac::MacAddress([2, 0, 0, 0, 0, 9]);
    assert!(core.handle(&ask(stranger, MessageType::Discover, vec![]), broadcast(), SystemTime::now()).await.is_none());
    let discover = ask(MAC, MessageType::Discover, vec![DhcpOption::ClassIdentifier(b"PXEClient".to_vec())]);
    let (offer, to) = core.handle(&discover, broadcast(), SystemTime::now()).await.unwrap();
    assert_eq!((offer.opcode(), to), (Opcode::BootReply, "255.255.255.255:68".parse().unwrap()));
    assert_eq!(node.seen(), []);
    let request = ask(
        MAC,
        MessageType::Request,
        vec![DhcpOption::RequestedIpAddress(offer.yiaddr()), DhcpOption::ServerIdentifier(core.context.server)],
    );
    let (ack, _) = core.handle(&request, broadcast(), SystemTime::now()).await.unwrap();
    assert_eq!(ack.yiaddr(), offer.yiaddr());
    assert_eq!(node.seen(), [Sign::RamdiskDhcp]);
    assert_eq!(core.leases.mac_of(ack.yiaddr().into()), Some(MAC));
}

#[tokio::test]
async fn a_nic_that_another_server_answers_is_heard_and_not_answered() {
    for provider in [DhcpProvider::Neutron, DhcpProvider::Foreign] {
        let node = OneNode::with_addresses(provider, Vec::new());
        let core = core(&node, context());
        let class = || DhcpOption::ClassIdentifier(b"PXEClient:Arch:00007".to_vec());
        let wanted = DhcpOption::RequestedIpAddress([172, 22, 102, 7].into());
        for (kind, options, signs) in [
            (MessageType::Discover, vec![class()], &[][..]),
            (MessageType::Request, vec![class(), wanted.clone()], &[Sign::Dhcp]),
            (MessageType::Request, vec![wanted], &[Sign::Dhcp, Sign::RamdiskDhcp]),
        ] {
            let answer = core.handle(&packet(MAC, kind, options), broadcast(), SystemTime::now()).await;
            assert!(answer.is_none());
            assert_eq!(node.seen(), signs);
        }
        let told = node.signs.lock().unwrap()[0].2.clone();
        assert!(told.ends_with("asked another server for 172.22.102.7"), "{told}");
    }
}

#[tokio::test]
async fn answers_go_where_the_client_can_hear_them() {
    let node = OneNode::new();
    let full = core(&node, context());
    let mut renewal = Message::default();
    renewal.set_opcode(Opcode::BootRequest).set_chaddr(&MAC.0).set_ciaddr([172, 22, 100, 100]);
    renewal.opts_mut().insert(DhcpOption::MessageType(MessageType::Request));
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    let (_, to) = full.handle(&renewal.to_vec().unwrap(), at("172.22.100.100:68"), SystemTime::now()).await.unwrap();
    assert_eq!(to, at("172.22.100.100:68"));
    let proxy = core(&node, proxy());
    let class = || vec![DhcpOption::ClassIdentifier(b"PXEClient:Arch:00007".to_vec())];
    let asked = packet(MAC, MessageType::Request, class());
    let (_, to) = proxy.handle(&asked, at("172.22.100.7:4011"), SystemTime::now()).await.unwrap();
    assert_eq!(to, at("172.22.100.7:4011"));
}

#[test]
fn a_range_outside_the_network_or_around_our_address_is_refused() {
    let (server, mask) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(255, 255, 255, 0));
    let check = |first: [u8; 4], last: [u8; 4]| check_range((first.into(), last.into()), server, mask).is_ok();
    assert!(check([10, 0, 0, 10], [10, 0, 0, 20]));
    assert!(!check([10, 0, 0, 0], [10, 0, 0, 20]));
    assert!(!check([10, 0, 0, 1], [10, 0, 0, 20]));
    assert!(!check([10, 0, 0, 10], [10, 0, 0, 255]));
    assert!(!check([10, 0, 0, 10], [10, 0, 1, 20]));
    assert!(!check([10, 0, 0, 20], [10, 0, 0, 10]));
}

#[test]
fn s10_a_flood_is_looked_at_only_so_far() {
    let start = Instant::now();
    let mut pace = Pace { left: PER_SECOND, since: start };
    assert_eq!((0..5000).filter(|_| pace.admits(start)).count(), PER_SECOND as usize);
    assert!(pace.admits(start + Duration::from_secs(1)));
}

#[tokio::test]
async fn an_answer_is_padded_for_old_clients() {
    let [client, server] =
        [UdpSocket::bind((LOOPBACK, 0)).await.unwrap(), UdpSocket::bind((LOOPBACK, 0)).await.unwrap()];
    send(&server, &Message::default(), client.local_addr().unwrap()).await.unwrap();
    assert_eq!(client.recv(&mut [0; 1500]).await.unwrap(), MIN_ANSWER);
}

#[tokio::test]
async fn an_interface_that_is_not_there_is_named() {
    let node = OneNode::new();
    let dhcp = DhcpConfig { interface: "nosuch0".to_owned(), mode: DhcpMode::Proxy, router_advertisement: false };
    let content = node.content(&Arc::default());
    let Err(error) = DhcpServer::bind(&node.config(), &dhcp, content, Arc::default(), Arc::clone(&node) as _) else {
        panic!("bound to an interface that does not exist");
    };
    assert_eq!(
        error.to_string(),
        "[assay] dhcp_interface nosuch0 is not up with a network that holds boot_address 127.0.0.1"
    );
}
