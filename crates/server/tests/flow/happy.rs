//! The way that it is meant to go.

use assay_core::power::PowerState;
use assay_sim::{Content, Ramdisk, Recording, Request, Stage};
use serde_json::json;

use crate::site;

/// Of the first machine.
const MAC: &str = "52:54:00:00:00:00";

#[tokio::test]
async fn a_virgin_node_is_inspected_and_left_as_it_was() {
    let site = site(Ramdisk { content: Content::Recorded(Recording::Uefi), ..Ramdisk::default() }, &[]).await;
    let node = site.enrol(0).await.unwrap();
    let seen = site.inspect(&node, "manageable").await.unwrap();
    assert_eq!(seen["last_error"], json!(null));
    assert_eq!(seen["power_state"], "power off");
    assert_eq!(seen["properties"]["cpu_arch"], "x86_64");
    assert!(seen["inspection_finished_at"].is_string());

    let state = site.world.machine(0).state();
    assert_eq!(state.boots[0].reached, [Stage::Script, Stage::Config, Stage::Kernel, Stage::Ramdisk, Stage::Posted]);
    assert_eq!(state.writes, [Request::SetBoot, Request::PowerOn, Request::PowerOff], "no write that is not needed");
    site.assert_nothing_left(0).await.unwrap();

    let mac = site.world.machine(0).nics[0].to_string();
    let inventory = site.rest.get(&format!("/v1/nodes/{node}/inventory")).await.unwrap();
    assert_eq!(inventory["inventory"]["interfaces"][0]["mac_address"], mac);
    assert_eq!(inventory["inventory"]["system_vendor"]["serial_number"], "SIM000000");
    let ports = site.rest.get(&format!("/v1/nodes/{node}/ports")).await.unwrap();
    assert_eq!(ports["ports"][0]["address"], mac);
}

#[tokio::test]
async fn the_timeline_tells_the_inspection_in_its_order() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap();
    let all: Vec<&str> = timeline["events"].as_array().unwrap().iter().filter_map(|it| it["event"].as_str()).collect();
    let ours = ["ReadPower", "CreatePortsFromBmc", "ValidateInspection", "CheckImages", "PowerOff", "PrepareRamdisk"];
    let boot = ["SetBootDevice", "script", "kernel", "ramdisk", "callback", "ProcessBody"];
    let undo = ["RestorePower", "RestoreBootDevice", "CleanUpRamdisk"];
    let expected = [&ours[..], &boot, &undo].concat();
    // PowerOn is told when the BMC shows it, which may be after the first boot files.
    let told: Vec<&str> = all.iter().copied().filter(|event| expected.contains(event)).collect();
    assert_eq!(told, expected, "{all:?}");
    assert!(all.contains(&"PowerOn"), "{all:?}");
}

#[tokio::test]
async fn a_node_can_be_inspected_again_and_a_running_one_is_switched_off_first() {
    let site = site(Ramdisk::default(), &[]).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    site.rest.put(&format!("/v1/nodes/{node}/states/power"), &json!({"target": "power on"})).await.unwrap();
    let machine = site.world.machine(0);
    machine.wait_for("power", assay_sim::harness::PATIENCE, |state| state.power == PowerState::On).await.unwrap();
    site.wait_for(&node, "manageable").await.unwrap();
    let before = machine.state().writes.len();

    site.inspect(&node, "manageable").await.unwrap();
    let state = machine.state();
    assert_eq!(state.writes[before..], [Request::PowerOff, Request::SetBoot, Request::PowerOn, Request::PowerOff]);
    assert_eq!(state.boots.last().unwrap().answers.len(), 1);
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn kernel_parameters_of_the_node_replace_those_of_the_configuration() {
    let site = site(Ramdisk::default(), &[("OS_INSPECTOR__EXTRA_KERNEL_PARAMS", "site=1 flag")]).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let line = || site.world.machine(0).state().boots.last().unwrap().kernel_line.clone().unwrap();
    assert!(line().contains(" site=1 flag"), "{}", line());

    let extra = json!("node=2 %default%");
    site.rest.set(&node, "/driver_info/inspector_extra_kernel_params", extra).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    assert!(line().contains(" node=2 site=1 flag"), "{}", line());

    site.rest.set(&node, "/driver_info/inspector_extra_kernel_params", json!("only=3")).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    assert!(line().contains(" only=3") && !line().contains("site=1"), "{}", line());
}

#[tokio::test]
async fn a_first_inspection_fills_in_where_the_port_is_plugged_in() {
    let tlvs = json!([[1, "04001c73aabb01"], [2, "0545746865726e657437"], [3, "0078"], [8, "0501"], [0, ""]]);
    let nic = json!({"name": "eth0", "mac_address": MAC, "ipv4_address": "192.0.2.7", "lldp": tlvs});
    let inventory = json!({"interfaces": [nic], "cpu": {"architecture": "x86_64"}, "boot": {"pxe_interface": MAC}});
    let body = json!({"inventory": inventory}).to_string();
    let options = [
        ("OS_INSPECTOR__HOOKS", "$default_hooks,parse-lldp,local-link-connection,physical-network"),
        ("OS_INSPECTOR__PHYSICAL_NETWORK_CIDR_MAP", "192.0.2.0/24:physnet1"),
        ("OS_INSPECTOR__EXTRA_KERNEL_PARAMS", "site=1"),
    ];
    let site = site(Ramdisk { content: Content::Raw(body.into()), ..Ramdisk::default() }, &options).await;
    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let line = site.world.machine(0).state().boots.last().unwrap().kernel_line.clone().unwrap();
    assert!(line.contains(" site=1 ipa-collect-lldp=1"), "{line}");

    let path = format!("/v1/nodes/{node}/ports?fields=local_link_connection,physical_network");
    let port = &site.rest.get(&path).await.unwrap()["ports"][0];
    let link = json!({"switch_id": "00:1c:73:aa:bb:01", "port_id": "Ethernet7"});
    assert_eq!((&port["local_link_connection"], &port["physical_network"]), (&link, &json!("physnet1")));
    let inventory = site.rest.get(&format!("/v1/nodes/{node}/inventory")).await.unwrap();
    assert_eq!(inventory["plugin_data"]["parsed_lldp"]["eth0"]["switch_port_id"], "Ethernet7");
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap().to_string();
    assert!(timeline.contains("LLDP of eth0: the management address is cut short"), "{timeline}");
}

#[tokio::test]
async fn an_inventory_with_an_address_of_another_node_is_stored_without_that_port() {
    let taken = "52:54:00:aa:bb:cc";
    let nic = |name, mac| json!({"name": name, "mac_address": mac, "ipv4_address": "192.0.2.7"});
    let interfaces = [nic("eth0", MAC), nic("eth1", taken)];
    let body = json!({
        "inventory": {"interfaces": interfaces, "cpu": {"architecture": "x86_64"}, "boot": {"pxe_interface": MAC}},
    });
    let ramdisk = Ramdisk { content: Content::Raw(body.to_string().into()), ..Ramdisk::default() };
    let site = site(ramdisk, &[("OS_INSPECTOR__ADD_PORTS", "all")]).await;
    let other = site.rest.post("/v1/nodes", &json!({"driver": "redfish"})).await.unwrap();
    site.rest.post("/v1/ports", &json!({"node_uuid": other["uuid"], "address": taken})).await.unwrap();

    let node = site.enrol(0).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let inventory = site.rest.get(&format!("/v1/nodes/{node}/inventory")).await.unwrap();
    assert_eq!(inventory["inventory"]["interfaces"][1]["mac_address"], taken);
    let ports = site.rest.get(&format!("/v1/nodes/{node}/ports")).await.unwrap();
    assert_eq!(ports["ports"].as_array().unwrap().len(), 1, "{ports}");
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap().to_string();
    assert!(timeline.contains(&format!("port {taken} was not created: another node has its address")), "{timeline}");
}

#[tokio::test]
async fn http_boot_is_asked_of_the_bmc_and_taken_back() {
    let site = site(Ramdisk::default(), &[]).await;
    let mut node = site.node(0);
    node["boot_interface"] = json!("http-ipxe");
    node["properties"] = json!({"capabilities": "boot_mode:uefi"});
    let node = site.enrol_as(node).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap();
    assert!(timeline.to_string().contains("set the boot device to uefihttp"), "{timeline}");
    site.assert_nothing_left(0).await.unwrap();
}
