//! The hooks that say where a NIC is plugged in: what each would change, and what the ports are then.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    apply::apply,
    id::PortId,
    local_link::normalise_local_link,
    node::JsonMap,
    testing::{body, id_tlv, node, port, time, tlv},
};

const FIRST: &str = "52:54:77:00:00:01";
const SECOND: &str = "56:54:77:00:00:01";
const HOOKS: &str = "$default_hooks,parse-lldp,local-link-connection,physical-network";

/// `four-nics`, whose first interfaces, and no others, heard these TLVs.
fn heard(lists: &[Value]) -> Body {
    let mut body = body("four-nics");
    body.plugin_data.remove("lldp_raw");
    let interfaces = body.inventory["interfaces"].as_array_mut().unwrap();
    for (interface, tlvs) in interfaces.iter_mut().zip(lists) {
        interface["lldp"] = tlvs.clone();
    }
    body
}

fn arista() -> Value {
    json!([[1, "04001c73aabb01"], id_tlv(2, 5, "Ethernet7"), [3, "0078"], tlv(5, b"leaf-1"), [0, ""], [0, ""]])
}

fn run(hooks: &str, ports: &[Port], body: &Body, options: &HookOptions) -> Vec<Change> {
    let node = node();
    Pipeline::parse(hooks, Pipeline::DEFAULT).unwrap().run(HookView { node: &node, ports }, body, options).unwrap()
}

/// All of a node's ports after the changes, and the warnings.
fn after(ports: &[Port], changes: &[Change]) -> (Vec<Port>, Vec<String>) {
    let applied = apply(node(), ports, JsonMap::new(), changes, time(9), || PortId(Uuid::from_u128(100)));
    let changed = |port: &Port| applied.updated.iter().find(|updated| updated.id == port.id).unwrap_or(port).clone();
    let ports = ports.iter().map(changed).chain(applied.created.iter().cloned()).collect();
    (ports, applied.warnings)
}

/// What `local-link-connection` makes of the first NIC's port with this link.
fn linked(link: &Value, tlvs: Value) -> (Value, Vec<String>) {
    let link = link.as_object().unwrap().clone();
    let ports = [Port { local_link_connection: link, ..port(1, FIRST) }];
    let changes = run("validate-interfaces,local-link-connection", &ports, &heard(&[tlvs]), &HookOptions::default());
    let (ports, warnings) = after(&ports, &changes);
    (Value::Object(ports[0].local_link_connection.clone()), warnings)
}

#[test]
fn a_port_gets_its_switch_and_its_port_there() {
    for (tlvs, link) in [
        (arista(), json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "Ethernet7", "switch_info": "leaf-1"})),
        (
            json!([[0, ""], [1, "0440B4F0112233"], [2, "07373334"]]),
            json!({"switch_id": "40:b4:f0:11:22:33", "port_id": "734"}),
        ),
        (
            json!([id_tlv(1, 7, "dpid:0000AABBCCDDEEFF"), id_tlv(2, 7, "3")]),
            json!({"switch_id": "0000aabbccddeeff", "port_id": "3"}),
        ),
        (
            json!([id_tlv(1, 7, "00-1C-73-AA-BB-01"), [2, "03001c73aabb02"]]),
            json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "00:1c:73:aa:bb:02"}),
        ),
        (
            json!([[1, "04"], [1, "04001c73aabb01"], [1, "04001c73ffffff"], id_tlv(2, 5, "a"), id_tlv(2, 5, "b")]),
            json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "a"}),
        ),
    ] {
        assert_eq!(linked(&json!({}), tlvs), (link, vec![]));
    }
}

#[test]
fn an_isolated_inspection_can_use_the_link_of_a_port_that_the_first_one_created() {
    let changes = run(HOOKS, &[], &heard(&[arista()]), &HookOptions::default());
    let (ports, warnings) = after(&[], &changes);
    assert_eq!((ports.len(), warnings), (1, vec![]));
    let link = &ports[0].local_link_connection;
    assert_eq!(normalise_local_link(link.clone()).as_ref(), Ok(link), "as the API would store it");
    assert!(link.contains_key("switch_id") && link.contains_key("port_id"), "{link:?}");
    assert_eq!(
        run(HOOKS, &ports, &heard(&[arista()]), &HookOptions::default()).len(),
        5,
        "and nothing is changed again"
    );
}

#[test]
fn nics_that_heard_nothing_are_named_together() {
    let options = HookOptions { add_ports: AddPorts::All, ..HookOptions::default() };
    let changes = run("$default_hooks,local-link-connection", &[], &body("four-nics"), &options);
    let (ports, warnings) = after(&[], &changes);
    let place = |port: &Port| ["switch_id", "port_id"].map(|key| port.local_link_connection.get(key).cloned());
    let expected = [Some(json!("88:5a:92:ec:54:59")), Some(json!("Ethernet1/2"))];
    assert_eq!(ports.iter().map(place).collect::<Vec<_>>(), [expected.clone(), expected, [None, None], [None, None]]);
    assert!(warnings[0].starts_with("no LLDP was heard on eno3, eno4: "), "{warnings:?}");
}

#[test]
fn what_the_operator_has_set_stays_and_is_contradicted_aloud() {
    let here = json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "Ethernet7"});
    let elsewhere = json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "Ethernet8", "switch_info": "leaf-1"});
    let smart_nic = json!({"port_id": "rep0-0", "hostname": "host1"});
    let unmanaged = json!({"network_type": "unmanaged"});
    let told = format!(
        "port {FIRST} is at Ethernet7 of 00:1c:73:aa:bb:01, as its switch tells, and not at Ethernet8 of \
         00:1c:73:aa:bb:01, as its local_link_connection says, which stays; to have it filled in, remove it and inspect \
         again"
    );
    for (link, warnings) in [(here, vec![]), (elsewhere, vec![told]), (smart_nic, vec![]), (unmanaged, vec![])] {
        assert_eq!(linked(&link, arista()), (link.clone(), warnings));
        assert_eq!(linked(&link, json!([[1, "04"]])), (link.clone(), vec![]), "what can't be read is not needed");
        assert_eq!(linked(&link, json!([])), (link, vec![]));
    }
}

#[test]
fn a_link_that_cannot_be_used_is_not_filled_in_and_the_operator_is_told_why() {
    for (tlvs, why) in [
        (json!([id_tlv(2, 5, "Ethernet7")]), "its switch tells no switch_id"),
        (json!([[1, "04001c73aabb01"], [2, "0645"]]), "its switch tells no port_id"),
        (json!([[1, "04001c"], id_tlv(2, 5, "1")]), "its switch tells no switch_id: the chassis id is cut short"),
        (
            json!([[1, "04001c73aabb01"], [2, "zz"], 1, [1], [5, "ff"]]),
            "its switch tells no port_id: the value of TLV 2 is not hexadecimal, an entry is no pair of a TLV's type and \
             its value, an entry is no pair of a TLV's type and its value, and 1 more",
        ),
        (
            json!([id_tlv(1, 7, "leaf-1"), id_tlv(2, 5, "1")]),
            "its switch calls itself \"leaf-1\", which is no MAC address or OpenFlow datapath id",
        ),
        (
            json!([[1, "0501c000020f"], id_tlv(2, 5, "1")]),
            "its switch calls itself \"192.0.2.15\", which is no MAC address or OpenFlow datapath id",
        ),
    ] {
        let warning = format!("local_link_connection of port {FIRST} (eno1) is not filled in: {why}");
        assert_eq!(linked(&json!({}), tlvs), (json!({}), vec![warning]));
    }
    let (link, warnings) = linked(&json!({}), json!(null));
    assert_eq!(link, json!({}));
    assert!(warnings[0].starts_with("no LLDP was heard on eno1: local_link_connection is not"), "{warnings:?}");
}

#[test]
fn each_nic_has_its_own_link_and_those_without_a_port_none() {
    let mut body = heard(&[json!(null), arista(), arista()]);
    body.inventory["interfaces"][1]["mac_address"] = json!(SECOND.to_uppercase());
    body.inventory["interfaces"][2]["mac_address"] = json!(SECOND);
    let raw = json!({"eno1": [[1, "04885a92ec5459"], id_tlv(2, 5, "Ethernet1/18")], "eno2": [], "eno9": [[1, "04"]]});
    let json = [("inventory".to_owned(), Value::Object(body.inventory)), ("lldp_raw".to_owned(), raw)];
    let body = Body::try_from(JsonMap::from_iter(json)).unwrap();
    let ports = [port(1, FIRST), port(2, SECOND), port(3, "52:54:00:99:99:99")];
    let changes = run("validate-interfaces,local-link-connection", &ports, &body, &HookOptions::default());
    let (ports, warnings) = after(&ports, &changes);
    let ids: Vec<_> =
        ports.iter().map(|port| port.local_link_connection.get("port_id").and_then(Value::as_str)).collect();
    assert_eq!((ids, warnings), (vec![Some("Ethernet1/18"), Some("Ethernet7"), None], vec![]));
}

#[test]
fn a_smart_nic_is_left_to_its_host() {
    let ports = [Port { is_smartnic: true, ..port(1, FIRST) }];
    let changes =
        run("validate-interfaces,local-link-connection", &ports, &heard(&[arista()]), &HookOptions::default());
    assert_eq!(after(&ports, &changes), (ports.to_vec(), vec![]));
}

/// A frame with every TLV that is read, and two of some.
fn full_frame() -> Value {
    json!([
        [1, "04112233aabbcc"],
        [1, "04332211ddeeff"],
        [2, "07373334"],
        [2, "07373435"],
        [3, "003c"],
        tlv(4, b"host02.lab.eng port 3 (Bond)"),
        tlv(5, b"sw01-dist-1b-b12"),
        tlv(6, b"Networks, Inc. 5500, version 12 "),
        [7, "00140014"],
        [8, "0501c000020f020000000000"],
        [8, "110220010db885a3000000008a2e03707334020000000000"],
        [127, "00120f01036c110010"],
        [127, "00120f030300000002"],
        [127, "00120f0405ea"],
        [127, "0080c2010066"],
        [127, "0080c20206000a"],
        [127, "0080c202060014"],
        [127, "0080c204080026424203000000"],
        [127, "0080c203006507766c616e313031"],
        [127, "0080c203006607766c616e313032"],
        [127, "0080c2060058"],
        [0, ""]
    ])
}

/// What is in it under Ironic's names.
fn full_frame_parsed() -> Value {
    json!({
        "switch_chassis_id": "11:22:33:aa:bb:cc",
        "switch_port_id": "734",
        "switch_port_description": "host02.lab.eng port 3 (Bond)",
        "switch_system_name": "sw01-dist-1b-b12",
        "switch_system_description": "Networks, Inc. 5500, version 12 ",
        "switch_capabilities_support": ["Bridge", "Router"],
        "switch_capabilities_enabled": ["Bridge", "Router"],
        "switch_mgmt_addresses": ["192.0.2.15", "2001:db8:85a3::8a2e:370:7334"],
        "switch_port_autonegotiation_enabled": true,
        "switch_port_autonegotiation_support": true,
        "switch_port_physical_capabilities": [
            "1000BASE-T fdx", "100BASE-TX fdx", "100BASE-TX hdx", "10BASE-T fdx", "10BASE-T hdx",
            "Asym and Sym PAUSE fdx"
        ],
        "switch_port_mau_type": "100BASE-TX full duplex",
        "switch_port_link_aggregation_enabled": true,
        "switch_port_link_aggregation_support": true,
        "switch_port_link_aggregation_id": 2,
        "switch_port_mtu": 1514,
        "switch_port_untagged_vlan_id": 102,
        "switch_port_protocol_vlan_enabled": true,
        "switch_port_protocol_vlan_support": true,
        "switch_port_protocol_vlan_ids": [10, 20],
        "switch_protocol_identities": ["0026424203000000"],
        "switch_port_vlans": [{"id": 101, "name": "vlan101"}, {"id": 102, "name": "vlan102"}],
        "switch_port_management_vlan_id": 88
    })
}

#[test]
fn parsed_lldp_has_ironics_names() {
    let body = heard(&[
        full_frame(),
        json!([[1, "0773773031"], [4, ""], [127, "0080c203006507"]]),
        json!([[10, "00"], [127, "23ac0074657374"]]),
    ]);
    let changes = run("parse-lldp", &[], &body, &HookOptions::default());
    let Some(Change::SetPluginData { key: "parsed_lldp", value }) = changes.last() else { panic!("{changes:?}") };
    let second = json!({"switch_chassis_id": "sw01", "switch_port_description": ""});
    assert_eq!(value, &json!({"eno1": full_frame_parsed(), "eno2": second}));
    assert_eq!(after(&[], &changes).1, ["LLDP of eno2: the VLAN name is cut short"]);
    assert_eq!(run("parse-lldp", &[], &heard(&[]), &HookOptions::default()), []);
}

#[test]
fn the_physical_network_follows_the_first_address_that_the_map_knows() {
    for (map, former, expected) in [
        ("192.0.2.0/24:physnet1", None, Some("physnet1")),
        ("192.0.2.11:one, 192.0.2.0/24:two", None, Some("one")),
        ("fe80::/10:six,192.0.0.0/8:four", None, Some("four")),
        ("2001:db8::/64:other,fe80::/10:six", None, Some("six")),
        ("192.0.2.0/24:physnet1", Some("physnet0"), Some("physnet1")),
        ("10.0.0.0/8:physnet1", Some("physnet0"), Some("physnet0")),
        ("", None, None),
    ] {
        let options = HookOptions { physical_networks: map.parse().unwrap(), ..HookOptions::default() };
        let ports = [Port { physical_network: former.map(str::to_owned), ..port(1, FIRST) }];
        let changes = run("validate-interfaces,physical-network", &ports, &body("four-nics"), &options);
        let (ports, _) = after(&ports, &changes);
        assert_eq!(ports[0].physical_network.as_deref(), expected, "{map}");
        assert_eq!(run("validate-interfaces,physical-network", &ports, &body("four-nics"), &options).len(), 3, "{map}");
        let created = after(&[], &run("$default_hooks,physical-network", &[], &body("four-nics"), &options)).0;
        assert_eq!(created[0].physical_network.as_deref(), expected.filter(|name| Some(*name) != former), "{map}");
    }
}

#[test]
fn a_map_of_networks_that_cannot_be_meant_is_refused() {
    for (map, why) in [
        ("192.0.2.0/24", "\"192.0.2.0/24\" is no network and name as 192.0.2.0/24:physnet1"),
        ("2001:db8::/64", "is no network and name"),
        ("192.0.2.0/33:a", "is no network and name"),
        ("192.0.2.1/24:a", "the network is 192.0.2.0/24"),
        ("192.0.2.0/24:", "has a name that is empty or longer than 64 characters"),
    ] {
        let refusal = map.parse::<PhysicalNetworkMap>().unwrap_err().to_string();
        assert!(refusal.contains(why), "{map}: {refusal}");
    }
    assert!("192.0.2.0/24:".parse::<PhysicalNetworkMap>().is_err());
    assert!(format!("192.0.2.0/24:{}", "ä".repeat(65)).parse::<PhysicalNetworkMap>().is_err());
}

#[test]
fn a_pipeline_knows_whether_the_ramdisk_has_to_listen() {
    for (hooks, listens) in [
        (Pipeline::DEFAULT, false),
        ("validate-interfaces,physical-network", false),
        ("parse-lldp", true),
        ("$default_hooks,local-link-connection", true),
    ] {
        assert_eq!(Pipeline::parse(hooks, Pipeline::DEFAULT).unwrap().reads_lldp(), listens, "{hooks}");
    }
}

fn any_tlv() -> impl Strategy<Value = Value> {
    let ids = prop_oneof![Just(b"04001c73aabb01".to_vec()), Just(b"0773773031".to_vec()), vec(any::<u8>(), 0..9)];
    (0..9_u8, prop_oneof![ids.prop_map(|hex| String::from_utf8_lossy(&hex).into_owned()), "0[1-7]([0-9a-f]{2}){0,8}"])
        .prop_map(|(kind, hex)| json!([kind, hex]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_link_is_usable_or_as_it_was_whatever_the_switch_tells(
        tlvs in vec(any_tlv(), 0..8),
        link in proptest::sample::select(vec![
            json!({}),
            json!({"switch_id": "00:00:00:00:00:01", "port_id": "1"}),
            json!({"port_id": "rep0-0", "hostname": "host1"}),
            json!({"network_type": "unmanaged"}),
        ]),
    ) {
        let (now, _) = linked(&link, Value::Array(tlvs));
        if now != link {
            prop_assert_eq!(&link, &json!({}));
            prop_assert!(now["switch_id"].is_string() && now["port_id"].is_string());
            let map = now.as_object().unwrap().clone();
            prop_assert_eq!(normalise_local_link(map.clone()), Ok(map));
        }
    }
}
