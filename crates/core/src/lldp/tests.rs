//! Frames as switches send them, and as they should not.

use proptest::{collection::vec, prelude::*};
use serde_json::json;

use super::*;
use crate::testing::{id_tlv, tlv};

fn told(tlvs: &[Value]) -> Vec<Information> {
    read(tlvs).collect::<Result<_, _>>().unwrap()
}

fn faults(tlvs: &[Value]) -> Vec<String> {
    read(tlvs).filter_map(Result::err).map(|fault| fault.to_string()).collect()
}

/// How switches name themselves and a port: the two ids as they are posted, and how they are written.
const IDS: [(&str, &str, &str, [&str; 2]); 13] = [
    ("Cisco NX-OS", "04885a92ec5459", "0545746865726e6574312f3138", ["88:5a:92:ec:54:59", "Ethernet1/18"]),
    ("Cisco IOS", "0400562B0A1B00", "054769312f302f37", ["00:56:2b:0a:1b:00", "Gi1/0/7"]),
    ("Arista EOS", "04001c73aabb01", "0545746865726e657434392f31", ["00:1c:73:aa:bb:01", "Ethernet49/1"]),
    ("Junos, by index", "0440b4f0112233", "07373334", ["40:b4:f0:11:22:33", "734"]),
    ("Junos, by name", "0440b4f0112233", "0578652d302f302f33", ["40:b4:f0:11:22:33", "xe-0/0/3"]),
    ("Dell OS9", "04f8b156000102", "0554656e4769674520302f31", ["f8:b1:56:00:01:02", "TenGigE 0/1"]),
    ("Dell OS10", "04f8b156000102", "0565746865726e6574312f312f313a32", ["f8:b1:56:00:01:02", "ethernet1/1/1:2"]),
    ("ArubaOS-Switch", "04941882aabbcc", "073132", ["94:18:82:aa:bb:cc", "12"]),
    ("Open vSwitch", "0452540000aa01", "056e6f646531", ["52:54:00:00:aa:01", "node1"]),
    ("lldpd on Linux", "040cc47a010203", "030cc47a010204", ["0c:c4:7a:01:02:03", "0c:c4:7a:01:02:04"]),
    ("OpenFlow", "07647069643a30306161626263636464656566663031", "0733", ["dpid:00aabbccddeeff01", "3"]),
    ("by addresses", "0501c000020f", "040220010db8000000000000000000000001", ["192.0.2.15", "2001:db8::1"]),
    ("padded", "04885a92ec5459", "01746f207261636b20370a00", ["88:5a:92:ec:54:59", "to rack 7"]),
];

#[test]
fn a_switch_and_its_port_are_read_as_each_vendor_names_them() {
    for (vendor, chassis, port, expected) in IDS {
        let ids = told(&[json!([1, chassis]), json!([2, port])]).into_iter().map(|information| match information {
            Information::ChassisId(id) | Information::PortId(id) => id.to_string(),
            other => panic!("{vendor}: {other:?}"),
        });
        assert_eq!(ids.collect::<Vec<_>>(), expected, "{vendor}");
    }
}

/// What Open vSwitch 3.1.0 sent, as ironic-python-agent 13.0.0 posted it; the TLV of an organisation is Avaya's.
#[test]
fn a_frame_of_open_vswitch_is_read() {
    let avaya = "00040d0b000000000000000000000000000000000000000000000000000000000000000038000000525400aabb0100000000";
    let frame = json!([
        [1, "04525400aabb01"],
        [2, "056e6f646531"],
        [3, "0078"],
        [6, "6f70656e7673776974636820332e312e30"],
        [7, "00040004"],
        [127, avaya],
        [0, ""]
    ]);
    assert_eq!(
        told(frame.as_array().unwrap()),
        [
            Information::ChassisId(Identifier::Mac("52:54:00:aa:bb:01".parse().unwrap())),
            Information::PortId(Identifier::Text("node1".into())),
            Information::SystemDescription("openvswitch 3.1.0".into()),
            Information::Capabilities { supported: vec!["Bridge"], enabled: vec!["Bridge"] },
        ]
    );
}

#[test]
fn every_basic_field_is_read() {
    use Information as I;
    let able = "Repeater,Bridge,WLAN,Router,Telephone,DOCSIS cable device,Station only,C-Vlan,S-Vlan,TPMR";
    let capable = I::Capabilities { supported: able.split(',').collect(), enabled: vec!["Bridge", "Router"] };
    let address = |text: &str| I::ManagementAddress(Identifier::Address(text.parse().unwrap()));
    for (kind, value, expected) in [
        (4, "686f737430322e6c6162", I::PortDescription("host02.lab".into())),
        (5, "737730312d646973742d31622d623132", I::SystemName("sw01-dist-1b-b12".into())),
        (6, "454f530d0a342e3238", I::SystemDescription("EOS\n4.28".into())),
        (7, "07ff0014", capable),
        (8, "0501c000020f020000000000", address("192.0.2.15")),
        (8, "110220010db885a3000000008a2e03707334020000000000", address("2001:db8:85a3::8a2e:370:7334")),
        (
            8,
            "0706aa11bb22cc3302000003e900",
            I::ManagementAddress(Identifier::Mac("aa:11:bb:22:cc:33".parse().unwrap())),
        ),
    ] {
        assert_eq!(told(&[json!([kind, value])]), [expected], "{kind} {value}");
    }
}

#[test]
fn every_field_of_the_two_organisations_is_read() {
    use Information as I;
    let mac_phy = |flags: [bool; 2], capabilities: &[&'static str], mau_type| I::MacPhy {
        supported: flags[0],
        enabled: flags[1],
        capabilities: capabilities.to_vec(),
        mau_type,
    };
    let copper = ["1000BASE-T fdx", "100BASE-TX fdx", "100BASE-TX hdx", "10BASE-T fdx", "10BASE-T hdx"];
    let pausing = [&copper[..], &["Asym and Sym PAUSE fdx"]].concat();
    for (value, expected) in [
        ("0080c2010066", I::PortVlan(102)),
        ("0080c20206000a", I::ProtocolVlan { supported: true, enabled: true, vlan: 10 }),
        ("0080c202020000", I::ProtocolVlan { supported: true, enabled: false, vlan: 0 }),
        ("0080c203006507766c616e313031", I::VlanName { vlan: 101, name: "vlan101".into() }),
        ("0080c204080026424203000000", I::ProtocolIdentity(vec![0, 0x26, 0x42, 0x42, 3, 0, 0, 0])),
        ("0080c2060058", I::ManagementVlan(88)),
        ("0080c2070100000000", I::LinkAggregation { supported: true, enabled: false, port: 0 }),
        ("00120f030300000002", I::LinkAggregation { supported: true, enabled: true, port: 2 }),
        ("00120f01036c110010", mac_phy([true, true], &pausing, Some("100BASE-TX full duplex"))),
        ("00120f010020000036", mac_phy([false, false], &["10BASE-T fdx"], Some("10GBASE-T"))),
        ("00120f010180000047", mac_phy([true, false], &[], Some("40GBASE-CR4"))),
        ("00120f01000000ffff", mac_phy([false, false], &[], None)),
        ("00120f0405ea", I::MaximumFrameSize(1514)),
    ] {
        assert_eq!(told(&[json!([127, value])]), [expected], "{value}");
    }
}

#[test]
fn what_has_no_meaning_here_is_passed_over() {
    for (kind, value) in [
        (0, ""),
        (3, "0078"),
        (10, "04112233aabbcc"),
        (128, "00120f080300010000"),
        (1, "0800"),
        (2, "0645746865726e6574312f3138"),
        (8, "0507c000020f020000000000"),
        (127, "00906901425030323134323530393236"),
        (127, "0080c20501"),
        (127, "00120f0200"),
    ] {
        assert_eq!(told(&[json!([kind, value])]), [], "{kind} {value}");
    }
}

#[test]
fn what_is_wrong_is_named_and_the_rest_is_read() {
    for (tlv, fault) in [
        (json!([1, "04"]), "the chassis id is cut short"),
        (json!([1, ""]), "the chassis id is cut short"),
        (json!([1, "04885a92ec5459ff"]), "the chassis id is too long"),
        (json!([2, "05"]), "the port id is empty"),
        (json!([2, "0700000001"]), "the port id is empty"),
        (json!([2, "05ff"]), "the port id is not UTF-8"),
        (json!([5, "c328"]), "the system name is not UTF-8"),
        (json!([7, "001400"]), "the list of capabilities is cut short"),
        (json!([7, "0014001400"]), "the list of capabilities is too long"),
        (json!([8, "0501"]), "the management address is cut short"),
        (json!([8, "0501c00002"]), "the management address is cut short"),
        (json!([8, "0601c000020f00"]), "the management address is too long"),
        (json!([127, "0080c2"]), "the TLV of an organisation is cut short"),
        (json!([127, "0080c201"]), "the port VLAN is cut short"),
        (json!([127, "0080c203006507"]), "the VLAN name is cut short"),
        (json!([127, "0080c20408"]), "the protocol identity is cut short"),
        (json!([127, "00120f0303"]), "the link aggregation is cut short"),
        (json!([127, "00120f01036c11"]), "the configuration of MAC and PHY is cut short"),
        (json!([127, "00120f04"]), "the maximum frame size is cut short"),
        (json!([2, "weee"]), "the value of TLV 2 is not hexadecimal"),
        (json!([2, "0 "]), "the value of TLV 2 is not hexadecimal"),
        (json!([2, "053"]), "the value of TLV 2 is not hexadecimal"),
        (json!([5, "61".repeat(512)]), "the value of TLV 5 has more than 511 bytes"),
        (json!([2, null]), "an entry is no pair of a TLV's type and its value"),
        (json!(["2", "0531"]), "an entry is no pair of a TLV's type and its value"),
        (json!([2]), "an entry is no pair of a TLV's type and its value"),
        (json!({"2": "0531"}), "an entry is no pair of a TLV's type and its value"),
    ] {
        let tlvs = [json!([1, "04885a92ec5459"]), tlv.clone(), id_tlv(2, 5, "Ethernet1")];
        assert_eq!(faults(&tlvs), [fault], "{tlv}");
        assert_eq!(read(&tlvs).filter(Result::is_ok).count(), 2, "{tlv}");
    }
}

#[test]
fn names_cannot_command_a_terminal() {
    let id = Identifier::Text("Eth[31m1".to_owned());
    assert_eq!(told(&[id_tlv(2, 5, "Eth\u{1b}[31m1")]), [Information::PortId(id)]);
}

/// Bytes that begin like the TLVs that are read.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let heads: Vec<&[u8]> = vec![b"", b"\x04", b"\x05", b"\x05\x01", b"\x00\x80\xc2", b"\x00\x12\x0f"];
    (proptest::sample::select(heads), vec(any::<u8>(), 0..24)).prop_map(|(head, rest)| [head, &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn s10_no_lldp_panics_or_grows(kind in 0..130_u8, bytes in prop_oneof![likely(), vec(any::<u8>(), 0..600)], text in ".{0,20}") {
        for tlv in [tlv(kind, &bytes), json!([kind, text]), tlv(127, &bytes)] {
            let said = read(std::slice::from_ref(&tlv)).map(|tlv| format!("{tlv:?}").len()).sum::<usize>();
            // The words for sixteen bits are the longest; a byte can be escaped as "\u{10ffff}" of four.
            prop_assert!(said <= 600 + 12 * bytes.len(), "{said} of {tlv}");
        }
    }

    #[test]
    fn every_beginning_of_a_good_frame_is_read_or_named(length in 0..30_usize) {
        let values: [&[u8]; 4] = [b"\x04\x88\x5a\x92\xec\x54\x59", b"\x05Ethernet1/18", b"\x05\x01\xc0\x00\x02\x0f", b"\x00\x14\x00\x14"];
        for (kind, value) in [1, 2, 8, 7].into_iter().zip(values) {
            let cut = &value[..length.min(value.len())];
            prop_assert_eq!(read(&[tlv(kind, cut)]).count(), 1);
        }
    }
}
