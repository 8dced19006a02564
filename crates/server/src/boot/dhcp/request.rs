//! What a DHCP client asks, read from its packet.
//!
//! **Invariant:** only the few options that matter are read, and only as bytes: the codec's typed
//! decoder underflows and asserts on lengths that the sender chooses.

use std::net::Ipv4Addr;

use assay_core::{boot::loader::BootClient, mac::MacAddress};
use dhcproto::v4::{DhcpOption, Flags, HType, MessageType, Opcode, OptionCode, borrowed::Message};

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
    /// The client's number of this exchange.
    pub xid: u32,
    /// The client's flags, which come back in the answer.
    pub flags: Flags,
    /// The address that the client has and uses; unspecified if it has none.
    pub ciaddr: Ipv4Addr,
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
    /// Options 61 and 97, which come back in the answer (RFC 6842, RFC 4578 §2.3).
    pub echoed: Vec<DhcpOption>,
}

impl Request {
    /// Reads a packet. `None`: not a request of an Ethernet client of our own segment (requests that
    /// a relay has forwarded are not answered).
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let message = Message::new(packet).ok()?;
        let ethernet = message.opcode() == Opcode::BootRequest && message.htype() == HType::Eth && message.hlen() == 6;
        if !ethernet || !message.giaddr().is_unspecified() {
            return None;
        }
        let mut kind = None;
        let mut request = Self {
            xid: message.xid(),
            flags: message.flags(),
            ciaddr: message.ciaddr(),
            kind: MessageType::Unknown(0),
            mac: MacAddress(message.chaddr().try_into().ok()?),
            firmware: Firmware::None,
            client: BootClient::default(),
            wants: None,
            server: None,
            echoed: Vec::new(),
        };
        for option in message.opts() {
            match (option.code(), option.data()) {
                (OptionCode::MessageType, [number]) => kind = Some(MessageType::from(*number)),
                (code, data) => request.take(code, data),
            }
        }
        request.kind = kind?;
        Some(request)
    }

    fn take(&mut self, code: OptionCode, data: &[u8]) {
        match code {
            OptionCode::ClassIdentifier => self.firmware = firmware(data),
            OptionCode::RequestedIpAddress => self.wants = address(data),
            OptionCode::ServerIdentifier => self.server = address(data),
            OptionCode::ClientSystemArchitecture => self.client.arch = first_number(data),
            OptionCode::UserClass => self.client.ipxe |= is_ipxe_class(data),
            IPXE_OPTION => self.client.ipxe = true,
            OptionCode::ClientIdentifier => self.echoed.push(DhcpOption::ClientIdentifier(data.to_vec())),
            OptionCode::ClientMachineIdentifier => self.echoed.push(DhcpOption::ClientMachineIdentifier(data.to_vec())),
            _ => {}
        }
    }

    /// Whether a loader asks, and not an operating system.
    #[must_use]
    pub const fn boots(&self) -> bool {
        !matches!(self.firmware, Firmware::None) || self.client.ipxe
    }
}

fn firmware(class: &[u8]) -> Firmware {
    if class.starts_with(b"PXEClient") {
        Firmware::Pxe
    } else if class.starts_with(b"HTTPClient") {
        Firmware::Http
    } else {
        Firmware::None
    }
}

fn address(data: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(data).ok().map(Ipv4Addr::from)
}

/// A client may list several architectures; the first is the one that it boots as.
fn first_number(data: &[u8]) -> Option<u16> {
    data.first_chunk().copied().map(u16::from_be_bytes)
}

/// iPXE sends its user class without the length that RFC 3004 wants; both forms are taken.
fn is_ipxe_class(class: &[u8]) -> bool {
    matches!(class, b"iPXE" | b"\x04iPXE")
}
