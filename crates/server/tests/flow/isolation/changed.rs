//! What changes while an inspection is under way.

use assay_sim::{CloudRequest, Ramdisk};
use serde_json::json;

use super::{Isolated, setup};
use crate::silent;

#[tokio::test]
async fn s1_another_network_named_in_the_middle_does_not_keep_the_ports() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    it.site.rest.set(&it.node, "/driver_info/inspection_network", json!("tenant")).await.unwrap();
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    it.assert_nothing_left().await;
}

#[tokio::test]
async fn s1_ports_of_a_node_that_is_deleted_in_the_middle_are_removed() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    it.site.rest.put(&format!("/v1/nodes/{}/maintenance", it.node), &json!({})).await.unwrap();
    it.site.rest.delete(&it.node).await.unwrap();
    it.until_nothing_left().await;
}

#[tokio::test]
async fn s1_ports_that_somebody_else_deletes_at_neutron_are_no_debt() {
    let it = Isolated::new(silent()).await;
    it.inspect("inspect wait").await;
    for port in it.ours() {
        it.cloud.remove_port(port["id"].as_str().unwrap());
    }
    it.site.rest.provision(&it.node, "abort").await.unwrap();
    it.wait_for("inspect failed").await;
    it.assert_nothing_left().await;
    it.inspect("inspect wait").await;
}

#[tokio::test]
async fn s2_a_foreign_port_on_a_nic_is_named_and_not_touched() {
    for network in ["inspection", "tenant"] {
        let it = Isolated::with(silent(), setup(), &[], |_| {}).await;
        let foreign = json!({
            "network_id": it.cloud.network(network), "mac_address": it.macs()[1], "device_owner": "baremetal:none",
            "device_id": it.node, "binding:host_id": it.node, "binding:vnic_type": "baremetal",
            "binding:profile": {"local_link_information": [it.cloud.link("swp1")]}, "name": "assay:someone:else",
        });
        let id = it.cloud.add_port(foreign).unwrap();
        let before = it.cloud.ports();
        let node = it.inspect("inspect failed").await;
        let told = node["last_error"].as_str().unwrap();
        assert!(told.contains(&format!("Neutron port {id} has the MAC address of port ")), "{network}: {told}");
        assert_eq!(it.cloud.ports(), before, "{network}");
        assert_eq!((it.asked(CloudRequest::CreatePort), it.asked(CloudRequest::DeletePort)), (0, 0));
        it.site.assert_nothing_left(0).await.unwrap();
    }
}

#[tokio::test]
async fn s1_a_port_that_an_earlier_run_has_left_goes_before_the_next_one() {
    let it = Isolated::new(Ramdisk::default()).await;
    it.inspect("manageable").await;
    let name = it.cloud.requests().iter().find_map(|seen| seen.body["port"]["name"].as_str().map(str::to_owned));
    let left = json!({
        "network_id": it.cloud.network("tenant"), "project_id": it.cloud.project("service"), "name": name.unwrap(),
        "mac_address": it.macs()[0], "device_owner": "baremetal:none", "binding:host_id": it.node,
        "binding:vnic_type": "baremetal", "binding:profile": {"local_link_information": [it.cloud.link("swp0")]},
    });
    it.cloud.add_port(left).unwrap();
    it.inspect("manageable").await;
    it.assert_nothing_left().await;
}
