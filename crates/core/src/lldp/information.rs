//! What one TLV tells: the basic set of IEEE 802.1AB, clause 8.5.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    TlvError,
    bytes::{Bytes, Fault},
    organisation, words,
};
use crate::mac::MacAddress;

/// What a TLV tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Information {
    /// Which switch it is.
    ChassisId(Identifier),
    /// Which of the switch's ports it is.
    PortId(Identifier),
    /// The port in the words of the switch's operator.
    PortDescription(String),
    /// The switch's name.
    SystemName(String),
    /// The switch's hardware and software.
    SystemDescription(String),
    /// What the switch can be, and what it is.
    Capabilities {
        /// What it can be.
        supported: Vec<&'static str>,
        /// What it is.
        enabled: Vec<&'static str>,
    },
    /// Where the switch is managed.
    ManagementAddress(Identifier),
    /// The VLAN of the port's untagged frames (802.1Q).
    PortVlan(u16),
    /// A port and protocol VLAN (802.1Q).
    ProtocolVlan {
        /// Whether the port can have such VLANs.
        supported: bool,
        /// Whether it has one.
        enabled: bool,
        /// Its number.
        vlan: u16,
    },
    /// A VLAN of the port (802.1Q).
    VlanName {
        /// Its number.
        vlan: u16,
        /// Its name.
        name: String,
    },
    /// The first bytes of a protocol that the port speaks (802.1Q).
    ProtocolIdentity(Vec<u8>),
    /// The VLAN that the switch is managed over (802.1Q).
    ManagementVlan(u16),
    /// Whether the port is one of several that act as one (802.1AX, formerly 802.3).
    LinkAggregation {
        /// Whether it can be.
        supported: bool,
        /// Whether it is.
        enabled: bool,
        /// The number of what it is part of.
        port: u32,
    },
    /// What the port's transceiver can do and does (802.3).
    MacPhy {
        /// Whether the port can negotiate speed and duplex.
        supported: bool,
        /// Whether it does.
        enabled: bool,
        /// What it offers, sorted.
        capabilities: Vec<&'static str>,
        /// What it is, if the number of its type is known.
        mau_type: Option<&'static str>,
    },
    /// The largest frame in bytes (802.3).
    MaximumFrameSize(u16),
}

/// How a switch names itself, or one of its ports. Its `Display` is how people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// By a MAC address.
    Mac(MacAddress),
    /// By an IP address.
    Address(IpAddr),
    /// By the name of an interface or of a component, or by anything else.
    Text(String),
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// What a value was read as; `None` is well-formed and of no known kind.
pub(super) type Read = Result<Option<Information>, Fault>;

/// Reads a value; a type of no meaning here is nothing.
pub(super) fn parse(kind: u64, value: &[u8]) -> Result<Option<Information>, TlvError> {
    let (what, read): (_, fn(Bytes<'_>) -> Read) = match kind {
        1 => ("chassis id", chassis_id),
        2 => ("port id", port_id),
        4 => ("port description", |value| value.text().map(Information::PortDescription).map(Some)),
        5 => ("system name", |value| value.text().map(Information::SystemName).map(Some)),
        6 => ("system description", |value| value.text().map(Information::SystemDescription).map(Some)),
        7 => ("list of capabilities", capabilities),
        8 => ("management address", management_address),
        127 => return organisation::parse(Bytes(value)),
        _ => return Ok(None),
    };
    read(Bytes(value)).map_err(|fault| TlvError::Malformed { what, fault })
}

fn chassis_id(mut value: Bytes<'_>) -> Read {
    let id = match value.u8()? {
        4 => Some(mac(value)?),
        5 => address(value)?,
        1..=3 | 6 | 7 => Some(name(value)?),
        _ => None,
    };
    Ok(id.map(Information::ChassisId))
}

fn port_id(mut value: Bytes<'_>) -> Read {
    let id = match value.u8()? {
        3 => Some(mac(value)?),
        4 => address(value)?,
        1 | 2 | 5 | 7 => Some(name(value)?),
        // 6 is the circuit id of a DHCP relay: bytes that name nothing by themselves.
        _ => None,
    };
    Ok(id.map(Information::PortId))
}

fn mac(mut value: Bytes<'_>) -> Result<Identifier, Fault> {
    let mac = MacAddress(value.array()?);
    value.end().map(|()| Identifier::Mac(mac))
}

fn name(value: Bytes<'_>) -> Result<Identifier, Fault> {
    let text = value.text()?.replace('\n', " ");
    let name = text.trim();
    if name.is_empty() { Err(Fault::Empty) } else { Ok(Identifier::Text(name.to_owned())) }
}

/// An address after the number of its family (IANA), of which three are known.
fn address(mut value: Bytes<'_>) -> Result<Option<Identifier>, Fault> {
    let address = match value.u8()? {
        1 => Identifier::Address(Ipv4Addr::from(value.array()?).into()),
        2 => Identifier::Address(Ipv6Addr::from(value.array::<16>()?).into()),
        6 => return mac(value).map(Some),
        _ => return Ok(None),
    };
    value.end().map(|()| Some(address))
}

fn management_address(mut value: Bytes<'_>) -> Read {
    let length = value.u8()?;
    // The number of the interface follows, and perhaps an object identifier.
    Ok(address(value.take(length)?)?.map(Information::ManagementAddress))
}

fn capabilities(mut value: Bytes<'_>) -> Read {
    let (supported, enabled) = (value.u16()?, value.u16()?);
    value.end()?;
    let words = words::capabilities;
    Ok(Some(Information::Capabilities { supported: words(supported), enabled: words(enabled) }))
}
