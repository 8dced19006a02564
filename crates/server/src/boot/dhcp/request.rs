//! What a DHCP client asks, read from its packet.

use std::net::Ipv4Addr;

use assay_core::{boot::loader::BootClient, mac::MacAddress};
use dhcproto::{
    Decodable as _, Decoder,
    v4::{DhcpOption, HType, Message, MessageType, Opcode, OptionCode},
};

/// iPXE's own option, by which it is told from other clients.
pub const IPXE_OPTION: OptionCode = OptionCode::Unknown(175);

/// What kind of firmware asks, by its vendor class (option 60).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// `PXEClient`
    Pxe,
    /// `HTTPClient`
    Http,
    /// Neither: an operating system, such as the running ramdisk.
    None,
}

/// A request that may be answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// The packet.
    pub message: Message,
    /// Option 53.
    pub kind: MessageType,
    /// The NIC.
    pub mac: MacAddress,
    /// Option 60.
    pub firmware: Firmware,
    /// Options 93, 77 and 175.
    pub client: BootClient,
    /// Option 50: the address that the client wants.
    pub wants: Option<Ipv4Addr>,
    /// Option 54: the server whose offer the client takes.
    pub server: Option<Ipv4Addr>,
}

impl Request {
    /// Reads a packet. `None`: not a request of an Ethernet client of our own segment (requests that
    /// a relay has forwarded are not answered).
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let message = Message::decode(&mut Decoder::new(packet)).ok()?;
        let ethernet = message.opcode() == Opcode::BootRequest && message.htype() == HType::Eth && message.hlen() == 6;
        if !ethernet || !message.giaddr().is_unspecified() {
            return None;
        }
        let mac = MacAddress(message.chaddr().try_into().ok()?);
        let options = message.opts();
        let address = |code| match options.get(code)? {
            DhcpOption::RequestedIpAddress(address) | DhcpOption::ServerIdentifier(address) => Some(*address),
            _ => None,
        };
        Some(Self {
            kind: options.msg_type()?,
            mac,
            firmware: firmware(options.get(OptionCode::ClassIdentifier)),
            client: BootClient {
                arch: match options.get(OptionCode::ClientSystemArchitecture) {
                    Some(DhcpOption::ClientSystemArchitecture(arch)) => Some(u16::from(*arch)),
                    _ => None,
                },
                ipxe: options.get(IPXE_OPTION).is_some() || is_ipxe_class(options.get(OptionCode::UserClass)),
            },
            wants: address(OptionCode::RequestedIpAddress),
            server: address(OptionCode::ServerIdentifier),
            message,
        })
    }

    /// Whether a loader asks, and not an operating system.
    #[must_use]
    pub fn boots(&self) -> bool {
        self.firmware != Firmware::None || self.client.ipxe
    }
}

fn firmware(class: Option<&DhcpOption>) -> Firmware {
    match class {
        Some(DhcpOption::ClassIdentifier(class)) if class.starts_with(b"PXEClient") => Firmware::Pxe,
        Some(DhcpOption::ClassIdentifier(class)) if class.starts_with(b"HTTPClient") => Firmware::Http,
        _ => Firmware::None,
    }
}

/// iPXE sends its user class without the length that RFC 3004 wants; both forms are taken.
fn is_ipxe_class(class: Option<&DhcpOption>) -> bool {
    matches!(class, Some(DhcpOption::UserClass(class)) if class == b"iPXE" || class == b"\x04iPXE")
}
