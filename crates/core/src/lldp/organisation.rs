//! What the TLVs of two organisations tell: IEEE 802.1 (802.1Q, annex D) and IEEE 802.3 (clause 79).

use super::{
    TlvError,
    bytes::{Bytes, Fault},
    information::{Information, Read},
    words,
};

const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];
const IEEE_802_3: [u8; 3] = [0x00, 0x12, 0x0f];

/// Reads the value of a TLV of type 127; other organisations' TLVs are nothing.
pub(super) fn parse(mut value: Bytes<'_>) -> Result<Option<Information>, TlvError> {
    let malformed = |what| move |fault| TlvError::Malformed { what, fault };
    let (organisation, subtype) =
        value.array().and_then(|name| Ok((name, value.u8()?))).map_err(malformed("TLV of an organisation"))?;
    let (what, read): (_, fn(Bytes<'_>) -> Read) = match (organisation, subtype) {
        (IEEE_802_1, 1) => ("port VLAN", |mut value| Ok(Some(Information::PortVlan(value.u16()?)))),
        (IEEE_802_1, 2) => ("port and protocol VLAN", protocol_vlan),
        (IEEE_802_1, 3) => ("VLAN name", vlan_name),
        (IEEE_802_1, 4) => ("protocol identity", protocol_identity),
        (IEEE_802_1, 6) => ("management VLAN", |mut value| Ok(Some(Information::ManagementVlan(value.u16()?)))),
        (IEEE_802_1, 7) | (IEEE_802_3, 3) => ("link aggregation", link_aggregation),
        (IEEE_802_3, 1) => ("configuration of MAC and PHY", mac_phy),
        (IEEE_802_3, 4) => ("maximum frame size", |mut value| Ok(Some(Information::MaximumFrameSize(value.u16()?)))),
        _ => return Ok(None),
    };
    read(value).map_err(malformed(what))
}

fn protocol_vlan(mut value: Bytes<'_>) -> Read {
    let (flags, vlan) = (value.u8()?, value.u16()?);
    value.end()?;
    Ok(Some(Information::ProtocolVlan { supported: flags & 2 != 0, enabled: flags & 4 != 0, vlan }))
}

fn vlan_name(mut value: Bytes<'_>) -> Read {
    let (vlan, length) = (value.u16()?, value.u8()?);
    Ok(Some(Information::VlanName { vlan, name: value.take(length)?.text()? }))
}

fn protocol_identity(mut value: Bytes<'_>) -> Read {
    let length = value.u8()?;
    Ok(Some(Information::ProtocolIdentity(value.take(length)?.bytes().to_vec())))
}

fn link_aggregation(mut value: Bytes<'_>) -> Read {
    let (status, port) = (status(&mut value)?, value.u32()?);
    value.end()?;
    Ok(Some(Information::LinkAggregation { supported: status.supported, enabled: status.enabled, port }))
}

fn mac_phy(mut value: Bytes<'_>) -> Read {
    let (status, capabilities, mau_type) = (status(&mut value)?, value.u16()?, value.u16()?);
    value.end()?;
    Ok(Some(Information::MacPhy {
        supported: status.supported,
        enabled: status.enabled,
        capabilities: words::negotiable(capabilities),
        mau_type: words::mau_type(mau_type),
    }))
}

struct Status {
    supported: bool,
    enabled: bool,
}

fn status(value: &mut Bytes<'_>) -> Result<Status, Fault> {
    let flags = value.u8()?;
    Ok(Status { supported: flags & 1 != 0, enabled: flags & 2 != 0 })
}
