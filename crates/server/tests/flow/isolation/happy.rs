//! The way that it is meant to go.

use assay_sim::{CloudRequest, Ramdisk, Seen};
use serde_json::{Value, json};

use super::{INSPECTION, Isolated, setup};
use crate::silent;

#[tokio::test]
async fn s1_every_nic_is_on_the_inspection_network_while_the_node_waits_and_on_none_after() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    assert_eq!(it.vlans(), [Some(INSPECTION); 2]);
    let ports = it.ours();
    assert_eq!(ports.len(), 2);
    for port in &ports {
        assert_eq!((&port["device_id"], &port["device_owner"]), (&json!(it.node), &json!("baremetal:none")));
        let options = port["extra_dhcp_opts"].to_string();
        assert!(options.contains("tag:ipxe,67") && options.contains("/boot.ipxe"), "{options}");
    }
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    it.assert_nothing_left().await;
}

#[tokio::test]
async fn an_isolated_inspection_asks_neutron_little_and_keystone_once() {
    let it = Isolated::new(Ramdisk::default()).await;
    it.inspect("manageable").await;
    it.assert_nothing_left().await;
    assert_eq!((it.asked(CloudRequest::CreatePort), it.asked(CloudRequest::DeletePort)), (2, 2));
    // The one that is no part of the inspection looks for ports of ended runs, at the start.
    let of_run = |seen: &&Seen| seen.request == CloudRequest::ListPorts && seen.query[0].0 != "device_owner";
    assert_eq!(it.cloud.requests().iter().filter(of_run).count(), 2, "one for leftovers, one for ACTIVE");
    assert_eq!((it.asked(CloudRequest::UpdatePort), it.asked(CloudRequest::GetPort)), (0, 0));
    assert_eq!((it.asked(CloudRequest::ListNetworks), it.asked(CloudRequest::Subnets)), (1, 1), "remembered");
    it.inspect("manageable").await;
    assert_eq!((it.asked(CloudRequest::ListNetworks), it.cloud.tokens_issued()), (1, 1));
}

#[tokio::test]
async fn the_timeline_tells_of_each_port_between_power_off_and_the_boot() {
    let it = Isolated::new(Ramdisk::default()).await;
    it.inspect("manageable").await;
    let timeline = it.site.rest.get(&format!("/v1/nodes/{}/timeline", it.node)).await.unwrap();
    let events = timeline["events"].as_array().unwrap();
    let named = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
    let ours = ["PowerOff", "RemoveLeftovers", "AddInspectionNetwork", "AwaitPortsActive", "PrepareRamdisk", "PowerOn"];
    let undo = ["RestorePower", "CleanUpRamdisk", "RemoveInspectionNetwork"];
    let wanted: Vec<&str> = ours.iter().chain(&undo).copied().collect();
    let mut told: Vec<String> = events.iter().map(named).filter(|event| wanted.contains(&&**event)).collect();
    told.dedup();
    assert_eq!(told, wanted);
    let texts: Vec<&str> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    let mac = it.macs()[0].to_string();
    assert!(texts.iter().any(|text| text.starts_with(&format!("{mac} is on the inspection network: Neutron port "))));
}

#[tokio::test]
async fn a_network_of_the_node_wins_and_may_be_named_by_uuid() {
    let it = Isolated::with(silent(), setup(), &[("OS_NEUTRON__INSPECTION_NETWORK", "nowhere")], |_| {}).await;
    let network = it.cloud.network("tenant");
    it.site.rest.set(&it.node, "/driver_info/inspection_network", json!(network)).await.unwrap();
    it.inspect("inspect wait").await;
    assert!(it.ours().iter().all(|port| port["network_id"] == json!(network)));
    assert_eq!(it.vlans(), [Some(103); 2]);
}

#[tokio::test]
async fn flat_leaves_the_switch_alone_and_takes_ports_without_link() {
    let flat: fn(&mut Value) = |node| node["network_interface"] = json!("flat");
    let it = Isolated::with(Ramdisk::default(), setup(), &[], flat).await;
    for port in it.site.rest.get(&format!("/v1/nodes/{}/ports", it.node)).await.unwrap()["ports"].as_array().unwrap() {
        let path = format!("/v1/ports/{}", port["uuid"].as_str().unwrap());
        let patch = json!([{"op": "replace", "path": "/local_link_connection", "value": {}}]);
        it.site.rest.ask(reqwest::Method::PATCH, &path, Some(&patch)).await.unwrap();
    }
    it.inspect("manageable").await;
    it.assert_nothing_left().await;
    assert_eq!(it.asked(CloudRequest::CreatePort), 2);
}

#[tokio::test]
async fn s1_a_port_whose_pxe_enabled_the_hooks_switch_off_is_removed_all_the_same() {
    let options = [("OS_INSPECTOR__KEEP_PORTS", "present"), ("OS_INSPECTOR__ADD_PORTS", "pxe")];
    let it = Isolated::with(Ramdisk::default(), setup(), &options, |_| {}).await;
    it.inspect("manageable").await;
    let ports = it.site.rest.get(&format!("/v1/nodes/{}/ports/detail", it.node)).await.unwrap();
    let booted: Vec<&Value> = ports["ports"].as_array().unwrap().iter().map(|port| &port["pxe_enabled"]).collect();
    assert!(booted.len() < 2 || booted.contains(&&json!(false)), "the hooks changed nothing: {ports}");
    it.assert_nothing_left().await;
}

#[tokio::test]
async fn a_policy_that_binds_only_existing_ports_is_followed_in_two_steps() {
    let mut setup = setup();
    setup.allows_binding_on_create = false;
    let it = Isolated::with(Ramdisk::default(), setup, &[], |_| {}).await;
    it.inspect("manageable").await;
    it.assert_nothing_left().await;
    assert_eq!((it.asked(CloudRequest::CreatePort), it.asked(CloudRequest::UpdatePort)), (4, 2));
}
