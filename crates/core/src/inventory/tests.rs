//! Bodies of real ramdisks, and bodies that nobody should send.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    power::BootMode,
    testing::{body, bytes},
};

fn parse(json: &Value) -> Result<Body, BodyError> {
    Body::parse(json.to_string().as_bytes(), &Limits::RAMDISK)
}

fn with_mac(mac: &str) -> Value {
    json!({"inventory": {"interfaces": [{"mac_address": mac}]}})
}

#[test]
fn the_bodies_of_the_stock_ramdisk_are_split_and_read() {
    for (name, mode, mac) in [
        ("bios-virtio-full", BootMode::Bios, "52:54:00:ab:00:01"),
        ("lab-uefi-0", BootMode::Uefi, "52:54:00:ab:00:02"),
        ("four-nics", BootMode::Uefi, "52:54:77:00:00:01"),
    ] {
        let posted: JsonMap = serde_json::from_slice(&bytes(name)).unwrap();
        let body = body(name);
        assert_eq!(Some(&Value::Object(body.inventory)), posted.get("inventory"), "{name}");
        let mut rest = posted;
        rest.remove("inventory");
        rest.remove("logs");
        assert_eq!(body.plugin_data, rest, "{name}");
        assert_eq!(body.view.boot, Boot { mode: Some(mode), pxe_mac: Some(mac.parse().unwrap()) }, "{name}");
        assert_eq!(body.view.macs().next(), Some(mac.parse().unwrap()), "{name}");
        assert_eq!(body.view.cpu.architecture.as_deref(), Some("x86_64"), "{name}");
    }
}

#[test]
fn values_of_other_types_are_unknown_and_stay_in_the_json() {
    let json = json!({"inventory": {
        "interfaces": [
            {"name": 7, "mac_address": "AA-BB-CC-DD-EE-FF", "ipv6_address": "fe80::1%eth0", "has_carrier": "yes",
             "speed_mbps": "10000", "custom": [1]},
            {"mac_address": 5, "ipv4_address": "here", "speed_mbps": -1, "product": "\u{7}bell\nline", "vendor": ""},
        ],
        "cpu": {"frequency": 2400.5, "count": 2.5},
        "disks": [null, {"size": "5", "rotational": "True", "model": {}}],
        "memory": [],
        "bmc_address": "0.0.0.0", "bmc_v6address": "::/0",
        "boot": {"current_boot_mode": "UEFI", "pxe_interface": "None"},
        "system_vendor": {"firmware": "none"}}});
    let body = parse(&json).unwrap();
    assert_eq!(Value::Object(body.inventory), json["inventory"]);
    let view = body.view;
    let first = &view.interfaces[0];
    assert_eq!(first.name.as_deref(), Some("7"));
    assert_eq!(first.mac, "aa:bb:cc:dd:ee:ff".parse().ok());
    assert_eq!(first.ipv6, "fe80::1".parse().ok());
    assert_eq!((first.has_carrier, first.speed_mbps), (None, Some(10000)));
    let second = Interface { product: Some("bell line".to_owned()), ..Interface::default() };
    assert_eq!(view.interfaces[1], second);
    assert_eq!((view.cpu.frequency.as_deref(), view.cpu.count), (Some("2400.5"), None));
    assert_eq!(view.disks, [Disk::default(), Disk { size: Some(5), rotational: Some(true), ..Disk::default() }]);
    assert_eq!(view.memory, Memory::default());
    assert_eq!(view.bmc_addresses().count(), 0);
    assert_eq!(view.boot, Boot::default());
    assert_eq!(view.system_vendor, SystemVendor::default());
}

#[test]
fn a_body_that_is_no_inspections_says_what_is_missing() {
    let nics = |count: usize| vec![json!({"mac_address": "52:54:00:00:00:01"}); count];
    for (json, text) in [
        (json!([]), "Invalid data: expected a JSON object, got list"),
        (json!({}), "Schema error for data: 'inventory' is a required property"),
        (json!({"inventory": 1}), "Schema error for data: 'inventory' is not an object"),
        (json!({"inventory": {}}), "Schema error for data: 'interfaces' is a required property"),
        (json!({"inventory": {"interfaces": {}}}), "Schema error for data: 'interfaces' is not a list"),
        (json!({"inventory": {"interfaces": null}}), "no interface of the inventory has a valid MAC address"),
        (with_mac("5"), "no interface of the inventory has a valid MAC address"),
        (
            json!({"inventory": {"interfaces": nics(MAX_INTERFACES + 1)}}),
            "the inventory lists 513 interfaces; at most 512 are accepted",
        ),
        (
            json!({"inventory": {"interfaces": nics(1), "disks": vec![0; MAX_DISKS + 1]}}),
            "the inventory lists 1025 disks; at most 1024 are accepted",
        ),
    ] {
        assert_eq!(parse(&json).unwrap_err().to_string(), text);
    }
    assert!(parse(&json!({"inventory": {"interfaces": nics(MAX_INTERFACES)}})).is_ok());
    assert!(matches!(Body::parse(b"<html>", &Limits::RAMDISK), Err(BodyError::Limit(LimitError::NotJson { .. }))));
}

#[test]
fn the_boot_nic_is_read_in_every_form() {
    for (text, known) in [
        ("52:54:00:AB:00:01", true),
        ("01-52-54-00-ab-00-01", true),
        ("52-54-00-ab-00-01", true),
        ("01-52-54-00-ab", false),
        ("", false),
    ] {
        let json = json!({"inventory": {
            "interfaces": [{"mac_address": "52:54:00:ab:00:01"}], "boot": {"pxe_interface": text}}});
        let expected = known.then(|| "52:54:00:ab:00:01".parse().unwrap());
        assert_eq!(parse(&json).unwrap().view.boot.pxe_mac, expected, "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "([0-9a-f]{2}:){5}[0-9a-f]{2}".prop_map(Value::from),
        (0..9_u8, "0[1-7]([0-9a-f]{2}){0,8}").prop_map(|(kind, hex)| json!([[kind, hex]])),
    ];
    let keys = [
        "interfaces",
        "mac_address",
        "name",
        "ipv6_address",
        "cpu",
        "count",
        "architecture",
        "disks",
        "size",
        "memory",
        "boot",
        "pxe_interface",
        "error",
        "root_disk",
        "lldp",
        "lldp_raw",
        "eth0",
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(proptest::sample::select(keys.to_vec()), inner, 0..8).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<JsonMap>()
                .into()),
        ]
    })
}

const HOOKS: &str = "$default_hooks,memory,cpus,root-device,parse-lldp,local-link-connection,physical-network";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn s10_no_json_panics_the_view_or_a_hook(inventory in any_json(), rest in any_json(), hints in any_json()) {
        use crate::{hooks::{HookOptions, HookView, Pipeline}, testing::{node, port}};
        let mut json = rest.as_object().cloned().unwrap_or_default();
        let mut inventory = inventory.as_object().cloned().unwrap_or_default();
        let interfaces = inventory.entry("interfaces").or_insert_with(|| json!([]));
        if let Some(interfaces) = interfaces.as_array_mut() {
            interfaces.push(json!({"name": "eth0", "mac_address": "52:54:00:00:00:01"}));
        }
        json.insert("inventory".to_owned(), Value::Object(inventory));
        if let Ok(body) = Body::try_from(json) {
            let mut node = node();
            node.properties.insert("root_device".to_owned(), hints);
            let pipeline = Pipeline::parse(HOOKS, Pipeline::DEFAULT).unwrap();
            let ports = [port(1, "52:54:00:00:00:01"), port(2, "52:54:00:00:00:02")];
            let _ = pipeline.run(HookView { node: &node, ports: &ports }, &body, &HookOptions::default());
            let _ = summary::summary(&body.view);
        }
    }
}
