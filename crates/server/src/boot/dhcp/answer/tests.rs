//! DHCP answers to each kind of client.

use assay_core::mac::MacAddress;
use dhcproto::{
    Encodable as _,
    v4::{Architecture, OptionCode},
};

use super::*;
use crate::boot::testing::{MAC, OneNode};

const SERVER: Ipv4Addr = Ipv4Addr::new(172, 22, 100, 1);
const RANGE: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(172, 22, 100, 100), Ipv4Addr::new(172, 22, 100, 109));

pub fn context() -> DhcpContext {
    DhcpContext {
        server: SERVER,
        netmask: Ipv4Addr::new(255, 255, 255, 0),
        mode: DhcpMode::Full { range: RANGE, router: None, lease: Duration::from_secs(600) },
        loaders: Loaders::default(),
        http_url: "http://172.22.100.1:8080".to_owned(),
    }
}

pub fn proxy() -> DhcpContext {
    DhcpContext { mode: DhcpMode::Proxy, ..context() }
}

pub fn packet(mac: MacAddress, kind: MessageType, options: Vec<DhcpOption>) -> Vec<u8> {
    let mut message = Message::default();
    message.set_opcode(Opcode::BootRequest).set_xid(0x1234_5678).set_chaddr(&mac.0);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    options.into_iter().for_each(|option| drop(message.opts_mut().insert(option)));
    message.to_vec().unwrap()
}

fn pxe(arch: u16) -> Vec<DhcpOption> {
    vec![
        DhcpOption::ClassIdentifier(format!("PXEClient:Arch:{arch:05}:UNDI:003016").into_bytes()),
        DhcpOption::ClientSystemArchitecture(Architecture::from(arch)),
    ]
}

fn ipxe() -> Vec<DhcpOption> {
    let own = UnknownOption::new(IPXE_OPTION, vec![0xb1, 1, 1]);
    [pxe(7), vec![DhcpOption::Unknown(own)]].concat()
}

fn taking(address: Ipv4Addr, options: Vec<DhcpOption>) -> Vec<DhcpOption> {
    [options, vec![DhcpOption::RequestedIpAddress(address), DhcpOption::ServerIdentifier(SERVER)]].concat()
}

fn ask(context: &DhcpContext, leases: &Leases, kind: MessageType, options: Vec<DhcpOption>) -> Option<Message> {
    let request = Request::parse(&packet(MAC, kind, options)).unwrap();
    context.answer(&request, &OneNode::new().boot.record, leases, SystemTime::UNIX_EPOCH).map(|answer| answer.message)
}

fn boot_file(message: &Message) -> Option<String> {
    match message.opts().get(OptionCode::BootfileName)? {
        DhcpOption::BootfileName(name) => Some(String::from_utf8(name.clone()).unwrap()),
        _ => None,
    }
}

fn kind(message: &Message) -> MessageType {
    message.opts().msg_type().unwrap()
}

#[test]
fn firmware_gets_an_address_and_its_loader_over_tftp() {
    let offer = ask(&context(), &Leases::default(), MessageType::Discover, pxe(7)).unwrap();
    assert_eq!((kind(&offer), offer.xid(), offer.siaddr()), (MessageType::Offer, 0x1234_5678, SERVER));
    assert!((RANGE.0..=RANGE.1).contains(&offer.yiaddr()));
    assert_eq!(boot_file(&offer).as_deref(), Some("snponly.efi"));
    assert_eq!(offer.fname_str().unwrap().unwrap(), "snponly.efi");
    let options = offer.opts();
    assert_eq!(options.get(OptionCode::TFTPServerName), Some(&DhcpOption::TFTPServerName(b"172.22.100.1".to_vec())));
    assert_eq!(options.get(OptionCode::SubnetMask), Some(&DhcpOption::SubnetMask([255, 255, 255, 0].into())));
    assert_eq!(options.get(OptionCode::BroadcastAddr), Some(&DhcpOption::BroadcastAddr([172, 22, 100, 255].into())));
    assert_eq!(options.get(OptionCode::AddressLeaseTime), Some(&DhcpOption::AddressLeaseTime(600)));
    assert_eq!(options.get(OptionCode::Router), None);
    assert_eq!(options.get(OptionCode::ClassIdentifier), None);
    let bios = ask(&context(), &Leases::default(), MessageType::Discover, pxe(0)).unwrap();
    assert_eq!(boot_file(&bios).as_deref(), Some("undionly.kpxe"));
}

#[test]
fn ipxe_gets_the_script_and_need_not_wait_for_a_proxy() {
    let offer = ask(&context(), &Leases::default(), MessageType::Discover, ipxe()).unwrap();
    assert_eq!(boot_file(&offer).as_deref(), Some("http://172.22.100.1:8080/boot.ipxe"));
    let own = DhcpOption::Unknown(UnknownOption::new(IPXE_OPTION, IPXE_NO_PROXY.to_vec()));
    assert_eq!(offer.opts().get(IPXE_OPTION), Some(&own));
    for class in [&b"iPXE"[..], b"\x04iPXE"] {
        let options = [pxe(0), vec![DhcpOption::UserClass(class.to_vec())]].concat();
        let offer = ask(&context(), &Leases::default(), MessageType::Discover, options).unwrap();
        assert_eq!(boot_file(&offer).as_deref(), Some("http://172.22.100.1:8080/boot.ipxe"));
    }
}

#[test]
fn uefi_http_boot_gets_a_url_and_its_own_class() {
    let options = vec![
        DhcpOption::ClassIdentifier(b"HTTPClient:Arch:00016".to_vec()),
        DhcpOption::ClientSystemArchitecture(Architecture::from(16)),
    ];
    let offer = ask(&context(), &Leases::default(), MessageType::Discover, options).unwrap();
    assert_eq!(boot_file(&offer).as_deref(), Some("http://172.22.100.1:8080/snponly.efi"));
    assert_eq!(
        offer.opts().get(OptionCode::ClassIdentifier),
        Some(&DhcpOption::ClassIdentifier(b"HTTPClient".to_vec()))
    );
    assert_eq!(offer.opts().get(OptionCode::TFTPServerName), None);
}

#[test]
fn the_ramdisk_gets_its_address_and_no_boot_file() {
    let leases = Leases::default();
    let firmware = ask(&context(), &leases, MessageType::Discover, pxe(7)).unwrap();
    let offer = ask(&context(), &leases, MessageType::Discover, vec![]).unwrap();
    assert_eq!((offer.yiaddr(), boot_file(&offer)), (firmware.yiaddr(), None));
    let ack = ask(&context(), &leases, MessageType::Request, taking(offer.yiaddr(), vec![])).unwrap();
    assert_eq!((kind(&ack), ack.yiaddr()), (MessageType::Ack, offer.yiaddr()));
}

#[test]
fn a_router_is_named_only_if_there_is_one() {
    let router = Ipv4Addr::new(172, 22, 100, 254);
    let mode = DhcpMode::Full { range: RANGE, router: Some(router), lease: Duration::from_secs(600) };
    let offer = ask(&DhcpContext { mode, ..context() }, &Leases::default(), MessageType::Discover, vec![]).unwrap();
    assert_eq!(offer.opts().get(OptionCode::Router), Some(&DhcpOption::Router(vec![router])));
}

#[test]
fn renewals_and_returns_are_confirmed_and_a_wrong_address_is_refused() {
    let leases = Leases::default();
    let address = ask(&context(), &leases, MessageType::Discover, vec![]).unwrap().yiaddr();
    let returning = vec![DhcpOption::RequestedIpAddress(address)];
    assert_eq!(kind(&ask(&context(), &leases, MessageType::Request, returning).unwrap()), MessageType::Ack);
    let mut renewal = Message::default();
    renewal.set_opcode(Opcode::BootRequest).set_chaddr(&MAC.0).set_ciaddr(address);
    renewal.opts_mut().insert(DhcpOption::MessageType(MessageType::Request));
    let renewal = Request::parse(&renewal.to_vec().unwrap()).unwrap();
    let record = &OneNode::new().boot.record;
    let answer = context().answer(&renewal, record, &leases, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!((kind(&answer.message), answer.message.yiaddr()), (MessageType::Ack, address));
    assert_eq!(answer.lease.unwrap().until, SystemTime::UNIX_EPOCH + Duration::from_secs(600));
    let foreign = vec![DhcpOption::RequestedIpAddress([192, 168, 1, 5].into())];
    let nak = ask(&context(), &leases, MessageType::Request, foreign).unwrap();
    assert_eq!((kind(&nak), nak.yiaddr()), (MessageType::Nak, Ipv4Addr::UNSPECIFIED));
}

#[test]
fn a_client_that_takes_another_servers_offer_is_left_to_it() {
    let leases = Leases::default();
    let address = ask(&context(), &leases, MessageType::Discover, vec![]).unwrap().yiaddr();
    let other = vec![DhcpOption::RequestedIpAddress(address), DhcpOption::ServerIdentifier([172, 22, 100, 2].into())];
    assert!(ask(&context(), &leases, MessageType::Request, other).is_none());
    assert_eq!(leases.mac_of(address.into()), None);
}

#[test]
fn released_and_declined_addresses_go_back() {
    let leases = Leases::default();
    let address = ask(&context(), &leases, MessageType::Discover, vec![]).unwrap().yiaddr();
    assert!(ask(&context(), &leases, MessageType::Decline, taking(address, vec![])).is_none());
    let next = ask(&context(), &leases, MessageType::Discover, vec![]).unwrap().yiaddr();
    assert_ne!(next, address);
    assert!(ask(&context(), &leases, MessageType::Release, vec![]).is_none());
    assert_eq!(leases.mac_of(next.into()), None);
}

#[test]
fn inform_gets_options_and_no_address() {
    let ack = ask(&context(), &Leases::default(), MessageType::Inform, pxe(7)).unwrap();
    assert_eq!((kind(&ack), ack.yiaddr()), (MessageType::Ack, Ipv4Addr::UNSPECIFIED));
    assert_eq!(boot_file(&ack).as_deref(), Some("snponly.efi"));
    assert_eq!(ack.opts().get(OptionCode::AddressLeaseTime), None);
}

#[test]
fn a_proxy_gives_boot_options_to_loaders_and_nothing_to_others() {
    let offer = ask(&proxy(), &Leases::default(), MessageType::Discover, pxe(7)).unwrap();
    assert_eq!((kind(&offer), offer.yiaddr()), (MessageType::Offer, Ipv4Addr::UNSPECIFIED));
    assert_eq!(boot_file(&offer).as_deref(), Some("snponly.efi"));
    let options = offer.opts();
    assert_eq!(options.get(OptionCode::ClassIdentifier), Some(&DhcpOption::ClassIdentifier(b"PXEClient".to_vec())));
    assert_eq!(
        options.get(OptionCode::VendorExtensions),
        Some(&DhcpOption::VendorExtensions(PXE_NO_DISCOVERY.to_vec()))
    );
    assert_eq!(options.get(OptionCode::SubnetMask), None);
    assert_eq!(kind(&ask(&proxy(), &Leases::default(), MessageType::Request, ipxe()).unwrap()), MessageType::Ack);
    assert!(ask(&proxy(), &Leases::default(), MessageType::Discover, vec![]).is_none());
}

#[test]
fn the_clients_identifiers_come_back() {
    let id = DhcpOption::ClientIdentifier(vec![1, 2, 3]);
    let offer = ask(&context(), &Leases::default(), MessageType::Discover, vec![id.clone()]).unwrap();
    assert_eq!(offer.opts().get(OptionCode::ClientIdentifier), Some(&id));
}

#[test]
fn s10_packets_that_are_no_request_are_not_answered() {
    let good = packet(MAC, MessageType::Discover, pxe(7));
    let with = |at: usize, byte: u8| {
        let mut packet = good.clone();
        packet[at] = byte;
        packet
    };
    for bad in [vec![], good[..200].to_vec(), with(0, 2), with(1, 6), with(2, 16), with(2, 255), with(24, 10)] {
        assert!(Request::parse(&bad).is_none());
    }
    for number in [0, 255] {
        assert!(Request::parse(&packet(MAC, MessageType::Unknown(number), vec![])).is_some());
    }
    for cut in 0..good.len() {
        let _ = Request::parse(&good[..cut]);
        let _ = Request::parse(&with(cut, 255));
    }
}

/// Every byte of a request replaced, by numbers that are the same in every run.
#[test]
fn s10_damaged_packets_are_read_or_dropped() {
    let good = packet(MAC, MessageType::Discover, ipxe());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let record = OneNode::new();
    for _ in 0..20_000 {
        let mut bad = good.clone();
        for _ in 0..=random() % 8 {
            let at = random() % bad.len();
            bad[at] = u8::try_from(random() % 256).unwrap();
        }
        bad.truncate(bad.len() - random() % 40);
        if let Some(request) = Request::parse(&bad) {
            let leases = Leases::default();
            let answer = context().answer(&request, &record.boot.record, &leases, SystemTime::UNIX_EPOCH);
            assert!(answer.is_none_or(|answer| answer.message.to_vec().is_ok_and(|packet| packet.len() < 1500)));
        }
    }
}
