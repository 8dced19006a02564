//! Hooks on recorded bodies: what each would change.

use serde_json::{Value, json};

use super::*;
use crate::{
    node::JsonMap,
    testing::{body, bytes, node, port},
};

const ALL: &str = "$default_hooks, memory, cpus, root-device";
const BOOT: &str = "52:54:77:00:00:01";
const SECOND: &str = "56:54:77:00:00:01";

fn run(hooks: &str, node: &Node, ports: &[Port], body: &Body, options: &HookOptions) -> Result<Vec<Change>, HookError> {
    let pipeline = Pipeline::parse(hooks, Pipeline::DEFAULT).unwrap();
    pipeline.run(HookView { node, ports }, body, options)
}

/// The changes in words, without those of `plugin_data`.
fn told(changes: &[Change]) -> Vec<String> {
    let told = changes.iter().filter(|change| !matches!(change, Change::SetPluginData { .. }));
    told.map(Change::to_string).collect()
}

fn stored<'a>(changes: &'a [Change], wanted: &str) -> &'a Value {
    let mut values = changes.iter().filter_map(|change| match change {
        Change::SetPluginData { key, value } if *key == wanted => Some(value),
        _ => None,
    });
    values.next_back().unwrap()
}

/// `four-nics` with changes to its JSON.
fn changed(change: impl FnOnce(&mut JsonMap)) -> Body {
    let mut json = serde_json::from_slice::<JsonMap>(&bytes("four-nics")).unwrap();
    change(&mut json);
    Body::try_from(json).unwrap()
}

fn options(add_ports: AddPorts, keep_ports: KeepPorts) -> HookOptions {
    HookOptions { add_ports, keep_ports, ..HookOptions::default() }
}

#[test]
fn all_hooks_read_the_bodies_of_the_stock_ramdisk() {
    for (name, expected) in [
        ("bios-virtio-full", ["52:54:00:ab:00:01", "2048", "2", "19"]),
        ("lab-uefi-0", ["52:54:00:ab:00:02", "1536", "1", "19"]),
    ] {
        let changes = run(ALL, &node(), &[], &body(name), &HookOptions::default()).unwrap();
        let [mac, memory, cpus, disk] = expected;
        assert_eq!(
            told(&changes),
            [
                format!("port {mac} is created with pxe_enabled = true"),
                "properties.cpu_arch = \"x86_64\"".to_owned(),
                format!("properties.memory_mb = {memory}"),
                format!("properties.cpus = {cpus}"),
                format!("properties.local_gb = \"{disk}\""),
            ],
            "{name}"
        );
    }
}

#[test]
fn the_stored_interfaces_are_what_ironic_39_stores_for_the_same_body() {
    let changes = run("$default_hooks", &node(), &[], &body("four-nics"), &HookOptions::default()).unwrap();
    let ironic: JsonMap = serde_json::from_slice(&bytes("four-nics.ironic39")).unwrap();
    for (key, value) in &ironic {
        assert_eq!(stored(&changes, key), value, "{key}");
    }
}

#[test]
fn add_ports_selects_the_nics() {
    let body = changed(|body| {
        let interfaces = body["inventory"]["interfaces"].as_array_mut().unwrap();
        interfaces[3]["ipv6_address"] = Value::Null;
        interfaces.push(json!({"name": "lo", "mac_address": "00:00:00:00:00:00", "ipv4_address": "127.0.0.1"}));
        interfaces.push(json!({"name": "bond0", "mac_address": BOOT}));
        interfaces.push(json!({"name": "usb0", "mac_address": "none"}));
        interfaces.push(json!(["no object"]));
    });
    for (add_ports, created) in [(AddPorts::Pxe, 1), (AddPorts::Active, 3), (AddPorts::All, 4), (AddPorts::Disabled, 0)]
    {
        let changes = run("$default_hooks", &node(), &[], &body, &options(add_ports, KeepPorts::All)).unwrap();
        let ports: Vec<_> = told(&changes).into_iter().filter(|text| text.starts_with("port")).collect();
        assert_eq!(ports.len(), created, "{add_ports}: {ports:?}");
        assert_eq!(ports.iter().filter(|text| text.ends_with("true")).count(), created.min(1), "{add_ports}");
    }
}

#[test]
fn keep_ports_deletes_the_others() {
    let ports = [port(1, BOOT), port(2, SECOND), port(3, "52:54:00:99:99:99")];
    for (keep_ports, deleted) in
        [(KeepPorts::All, &[][..]), (KeepPorts::Present, &ports[2..]), (KeepPorts::Added, &ports[1..])]
    {
        let options = HookOptions { update_pxe_enabled: false, ..options(AddPorts::Pxe, keep_ports) };
        let changes = run("validate-interfaces,ports", &node(), &ports, &body("four-nics"), &options).unwrap();
        let expected: Vec<_> = deleted.iter().map(|port| format!("port {} is deleted", port.address)).collect();
        assert_eq!(told(&changes), expected, "{keep_ports}");
    }
}

#[test]
fn pxe_enabled_of_existing_ports_changes_only_if_asked_and_if_the_boot_nic_is_known() {
    let lowered = Port { pxe_enabled: false, ..port(1, BOOT) };
    let ports = [lowered, port(2, SECOND)];
    let virtual_media = changed(|body| body["inventory"]["boot"]["pxe_interface"] = Value::Null);
    let foreign_nic = changed(|body| body["inventory"]["boot"]["pxe_interface"] = json!("52:54:00:99:99:99"));
    let both = [format!("port {BOOT}: pxe_enabled = true"), format!("port {SECOND}: pxe_enabled = false")];
    for (update_pxe_enabled, body, expected) in [
        (true, &body("four-nics"), &both[..]),
        (false, &body("four-nics"), &[]),
        (true, &virtual_media, &[]),
        (true, &foreign_nic, &[]),
    ] {
        let options = HookOptions { update_pxe_enabled, ..options(AddPorts::Disabled, KeepPorts::All) };
        let changes = run("validate-interfaces,ports", &node(), &ports, body, &options).unwrap();
        assert_eq!(told(&changes), expected);
    }
}

#[test]
fn without_a_boot_nic_every_nic_gets_a_port_that_can_be_booted_from() {
    let body = changed(|body| body["inventory"]["boot"] = Value::Null);
    let changes = run("validate-interfaces,ports", &node(), &[], &body, &HookOptions::default()).unwrap();
    let told = told(&changes);
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[0].starts_with("warning: the ramdisk does not know which NIC"), "{told:?}");
    assert!(told[1..].iter().all(|text| text.ends_with("pxe_enabled = true")), "{told:?}");
}

#[test]
fn an_infiniband_client_id_goes_into_the_port() {
    let body = changed(|body| body["inventory"]["interfaces"][0]["client_id"] = json!("ff:00:11"));
    let changes = run("validate-interfaces,ports", &node(), &[], &body, &HookOptions::default()).unwrap();
    let extra = changes.iter().find_map(|change| match change {
        Change::CreatePort { extra, .. } => Some(extra.clone()),
        _ => None,
    });
    assert_eq!(extra, Some(JsonMap::from_iter([("client-id".to_owned(), json!("ff:00:11"))])));
}

#[test]
fn failures_of_the_first_phase_are_told_together() {
    let body = changed(|body| {
        body.insert("error".to_owned(), json!("The following errors were encountered:\n* no \u{1b}[31mdisk"));
        for interface in body["inventory"]["interfaces"].as_array_mut().unwrap() {
            interface["name"] = Value::Null;
        }
    });
    let error = run("$default_hooks", &node(), &[], &body, &HookOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "The following failures happened while running preprocess hooks:\n\
         hook ramdisk-error: Ramdisk reported error: The following errors were encountered:\n* no [31mdisk\n\
         hook validate-interfaces: no interface of the inventory has both a name and a valid MAC address"
    );
}

#[test]
fn an_error_that_is_empty_is_none() {
    for error in [Value::Null, json!(""), json!(false)] {
        let body = changed(|body| body["error"] = error);
        assert_eq!(run("ramdisk-error", &node(), &[], &body, &HookOptions::default()), Ok(vec![]));
    }
}

#[test]
fn no_nic_that_add_ports_selects_is_a_failure() {
    let body = changed(|body| {
        for interface in body["inventory"]["interfaces"].as_array_mut().unwrap() {
            interface["ipv4_address"] = Value::Null;
            interface["ipv6_address"] = Value::Null;
        }
    });
    let options = options(AddPorts::Active, KeepPorts::All);
    let error = run("$default_hooks", &node(), &[], &body, &options).unwrap_err().to_string();
    assert!(error.ends_with("no network interfaces match the configuration (add_ports set to \"active\")"), "{error}");
}

#[test]
fn a_missing_architecture_fails_and_other_missing_data_warns() {
    for arch in [Value::Null, json!(""), json!("../x"), json!({"a": 1})] {
        let body = changed(|body| body["inventory"]["cpu"]["architecture"] = arch);
        let error = run("architecture", &node(), &[], &body, &HookOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("Inspection hook architecture: "), "{error}");
        assert!(error.contains("inventory.cpu.architecture"), "{error}");
    }
    let body = changed(|body| {
        body["inventory"]["cpu"] = json!("unknown");
        body["inventory"]["memory"] = json!({"total": null, "physical_mb": "lots"});
    });
    let changes = run("memory,cpus", &node(), &[], &body, &HookOptions::default()).unwrap();
    assert_eq!(
        told(&changes),
        [
            "warning: the inventory lacks the size of the memory: properties.memory_mb stays",
            "warning: the inventory lacks the number of processors: properties.cpus stays"
        ]
    );
}

#[test]
fn the_memory_is_what_is_plugged_in_or_else_what_can_be_used() {
    for (memory, expected) in [
        (json!({"total": 4109590528_u64, "physical_mb": 4096}), "properties.memory_mb = 4096"),
        (json!({"total": 4109590528_u64, "physical_mb": null}), "properties.memory_mb = 3919"),
        (json!({"physical_mb": "4096"}), "properties.memory_mb = 4096"),
    ] {
        let body = changed(|body| body["inventory"]["memory"] = memory);
        assert_eq!(told(&run("memory", &node(), &[], &body, &HookOptions::default()).unwrap()), [expected]);
    }
}

fn node_with(properties: &Value) -> Node {
    Node { properties: properties.as_object().unwrap().clone(), ..node() }
}

#[test]
fn the_root_disk_is_the_hinted_one_or_the_ramdisks() {
    for (properties, name, local_gb) in [
        (json!({}), None, "446"),
        (json!({"root_device": {}}), None, "446"),
        (json!({"root_device": {"size": ">= 1000"}}), Some("/dev/nvme1n1"), "3575"),
        (json!({"root_device": {"hctl": "3:0:0:0"}}), Some("/dev/sdb"), "3575"),
        (
            json!({"root_device": {"size": ">= 1000"}, "skip_block_devices": [{"name": "/dev/nvme1n1"}]}),
            Some("/dev/sda"),
            "3575",
        ),
    ] {
        let node = node_with(&properties);
        let changes = run("root-device", &node, &[], &body("four-nics"), &HookOptions::default()).unwrap();
        assert_eq!(told(&changes), [format!("properties.local_gb = \"{local_gb}\"")], "{properties}");
        if let Some(name) = name {
            assert_eq!(stored(&changes, "root_disk")["name"], name, "{properties}");
            assert!(stored(&changes, "root_disk").get("physical_sectors").is_some(), "{properties}");
        }
    }
}

#[test]
fn local_gb_spares_a_gibibyte_for_partitioning_unless_told_otherwise() {
    let options = HookOptions { disk_partitioning_spacing: false, ..HookOptions::default() };
    let changes = run("root-device", &node(), &[], &body("lab-uefi-0"), &options).unwrap();
    assert_eq!(told(&changes), ["properties.local_gb = \"20\""]);
    assert_eq!(stored(&changes, "local_gb"), &json!(20));
}

#[test]
fn a_machine_without_a_disk_has_no_local_gb() {
    let body = changed(|body| {
        body.remove("root_disk");
        body["inventory"]["disks"] = json!([]);
    });
    let changes = run("root-device", &node(), &[], &body, &HookOptions::default()).unwrap();
    assert_eq!(told(&changes), ["properties.local_gb = \"0\""]);
}

#[test]
fn hints_that_no_disk_satisfies_or_that_are_wrong_fail() {
    for (hints, text) in [
        (
            json!({"size": "> 99999"}),
            "No disks satisfied root device hints {\"size\":\"> 99999\"}; the ramdisk saw /dev/",
        ),
        (json!({"size": "big"}), "because they failed to validate. Error: Root device hint \"size\" is not"),
        (json!({"colour": "red"}), "The hints \"colour\" are invalid"),
    ] {
        let node = node_with(&json!({"root_device": hints}));
        let error = run("root-device", &node, &[], &body("four-nics"), &HookOptions::default()).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_pipeline_takes_the_names_of_both_dialects_in_order_and_once() {
    let pipeline = Pipeline::parse("$default_hooks, root_device,ramdisk_error,", Pipeline::DEFAULT).unwrap();
    assert_eq!(
        pipeline.names().collect::<Vec<_>>(),
        ["ramdisk-error", "validate-interfaces", "ports", "architecture", "root-device"]
    );
    let swapped = Pipeline::parse("cpus,$default_hooks", "memory").unwrap();
    assert_eq!(swapped.names().collect::<Vec<_>>(), ["cpus", "memory"]);
}

#[test]
fn a_list_of_hooks_that_cannot_work_is_refused_at_the_start() {
    let unknown = Pipeline::parse("ports2", "").unwrap_err().to_string();
    assert!(unknown.starts_with("unknown hook \"ports2\"; the hooks are ramdisk-error, "), "{unknown}");
    let order = Pipeline::parse("ports,validate-interfaces", "").unwrap_err().to_string();
    assert_eq!(order, "hook ports requires validate-interfaces to be enabled before it");
}
