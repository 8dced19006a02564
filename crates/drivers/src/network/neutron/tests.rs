//! What is asked of Neutron, and what is read of its answers, against recorded exchanges with Neutron 29.

use assay_core::{
    boot::dhcp_options::DhcpOption,
    id::{PortId, PortgroupId},
    port::Port,
    portgroup::Portgroup,
    run::{Mark, RunId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    port::{Bond, FoundPort, PortRequest},
    resolve::Network,
};
use crate::{interface::Task, testing::task};

/// The body of the answer in a recorded exchange.
fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/data/neutron/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let exchange: Value = serde_json::from_str(&text).unwrap();
    exchange["response"]["body"].clone()
}

fn network(subnets: &Value) -> Network {
    let id = "a0a0a0a0-0000-4000-8000-000000000001";
    Network::parse(&json!({"id": id, "provider:physical_network": "physnet1"}), &json!({ "subnets": subnets })).unwrap()
}

fn linked() -> Task {
    let mut task = task("redfish");
    let link = json!({"switch_id": "52:54:00:aa:bb:01", "port_id": "swp1", "switch_info": "leaf1"});
    task.ports[0].local_link_connection = link.as_object().cloned().unwrap();
    task
}

fn mark() -> Mark {
    Mark { instance: "ab12cd34".to_owned(), run: RunId(Uuid::from_u128(1)), port: PortId(Uuid::from_u128(8)) }
}

fn options() -> Vec<DhcpOption> {
    let option = |name: &str, ip_version| DhcpOption { name: name.to_owned(), value: "v".to_owned(), ip_version };
    vec![option("67", 4), option("59", 6)]
}

/// The body that is sent for the task's port as changed.
fn body(subnets: &Value, stateful_addresses: usize, without_address: bool, change: fn(&mut Port)) -> Value {
    let (mut task, network, mark, options) = (linked(), network(subnets), mark(), options());
    change(&mut task.ports[0]);
    let request = PortRequest {
        node: &task.node,
        port: &task.ports[0],
        bond: None,
        mark: &mark,
        network: &network,
        security_groups: &["g1".to_owned()],
        dhcp_options: &options,
        without_address,
        stateful_addresses,
    };
    request.bound()
}

fn v4() -> Value {
    json!([{"id": "s4", "ip_version": 4, "ipv6_address_mode": null}])
}

#[test]
fn one_request_says_all_that_the_switch_and_the_boot_need() {
    assert_eq!(
        body(&v4(), 4, false, |_| {}),
        json!({
            "name": "assay:ab12cd34:00000000-0000-0000-0000-000000000001:00000000-0000-0000-0000-000000000008",
            "network_id": "a0a0a0a0-0000-4000-8000-000000000001",
            "admin_state_up": true,
            "device_id": "00000000-0000-0000-0000-000000000007",
            "device_owner": "baremetal:none",
            "mac_address": "52:54:00:00:00:01",
            "binding:host_id": "00000000-0000-0000-0000-000000000007",
            "binding:vnic_type": "baremetal",
            "binding:profile": {"local_link_information": [
                {"switch_id": "52:54:00:aa:bb:01", "port_id": "swp1", "switch_info": "leaf1"},
            ]},
            "security_groups": ["g1"],
            "extra_dhcp_opts": [{"opt_name": "67", "opt_value": "v", "ip_version": 4}],
        })
    );
}

#[test]
fn infiniband_smart_nics_and_nics_without_address_have_their_own_values() {
    let infiniband = body(&v4(), 4, false, |port| {
        port.local_link_connection.clear();
        port.extra = json!({"client-id": "ff:00"}).as_object().cloned().unwrap();
    });
    assert_eq!(infiniband["extra_dhcp_opts"][0], json!({"opt_name": "61", "opt_value": "ff:00"}));
    assert_eq!(infiniband["binding:profile"]["local_link_information"], json!([]));
    let smart = body(&v4(), 4, false, |port| {
        port.is_smartnic = true;
        port.local_link_connection = json!({"hostname": "nic1", "port_id": "rep0-0"}).as_object().cloned().unwrap();
    });
    assert_eq!((&smart["binding:vnic_type"], &smart["binding:host_id"]), (&json!("smart-nic"), &json!("nic1")));
    assert_eq!(body(&v4(), 4, true, |_| {})["fixed_ips"], json!([]));
}

#[test]
fn a_bond_has_the_links_of_all_its_members_and_tells_how_it_is_bonded() {
    let (mut task, network, mark) = (linked(), network(&v4()), mark());
    let mut group =
        Portgroup::blank(PortgroupId(Uuid::from_u128(9)), task.node.id, "802.3ad".to_owned(), task.node.created_at);
    group.properties = json!({"miimon": 100, "bond_xmit_hash_policy": "layer3+4"}).as_object().cloned().unwrap();
    let mut second = task.ports[0].clone();
    second.local_link_connection.insert("port_id".to_owned(), json!("swp2"));
    task.ports.push(second);
    let request = PortRequest {
        node: &task.node,
        port: &task.ports[0],
        bond: Some(Bond { group: &group, members: task.ports.iter().collect() }),
        mark: &mark,
        network: &network,
        security_groups: &[],
        dhcp_options: &[],
        without_address: false,
        stateful_addresses: 1,
    };
    let profile = &request.bound()["binding:profile"];
    assert_eq!(profile["local_link_information"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        profile["local_group_information"],
        json!({
            "id": group.id, "name": null, "bond_mode": "802.3ad",
            "bond_properties": {"bond_miimon": 100, "bond_xmit_hash_policy": "layer3+4"},
        })
    );
}

#[test]
fn stateful_dhcpv6_gets_several_addresses_and_only_options_of_its_version() {
    let v6 = json!([{"id": "s6", "ip_version": 6, "ipv6_address_mode": "dhcpv6-stateful"}]);
    let body_v6 = body(&v6, 2, false, |_| {});
    assert_eq!(body_v6["fixed_ips"], json!([{"subnet_id": "s6"}, {"subnet_id": "s6"}]));
    assert_eq!(body_v6["extra_dhcp_opts"], json!([{"opt_name": "59", "opt_value": "v", "ip_version": 6}]));
    assert_eq!(body(&v6, 1, false, |_| {})["fixed_ips"], Value::Null, "one is what Neutron gives by itself");
    let slaac = json!([{"id": "s6", "ip_version": 6, "ipv6_address_mode": "slaac"}]);
    assert_eq!(body(&slaac, 4, false, |_| {})["fixed_ips"], Value::Null);
    let neither = body(&json!([]), 4, false, |_| {});
    assert_eq!(neither["extra_dhcp_opts"].as_array().map(Vec::len), Some(2), "nobody knows what the network has");
}

#[test]
fn a_recorded_port_is_read_with_its_binding_and_its_address() {
    let port = FoundPort::parse(&recorded("nt-port-create")["port"]).unwrap();
    assert!(port.is_bound() && port.held("ab12cd34").is_none(), "{port:?}");
    assert_eq!(port.device_owner, "baremetal:none");
    let vif = port.vif("52:54:00:00:00:01".parse().unwrap());
    assert_eq!(vif.addresses.len(), 1);
    for unbound in ["nt-port-binding-failed-no-llc", "nt-port-binding-failed-unknown-switch", "nt-port-unbound-no-host"]
    {
        assert!(!FoundPort::parse(&recorded(unbound)["port"]).unwrap().is_bound(), "{unbound}");
    }
}

#[test]
fn an_id_that_could_leave_its_place_in_a_path_is_no_id() {
    for id in ["", "../networks/n1", "a b", "a?b", "a%2fb"] {
        assert_eq!(FoundPort::parse(&json!({ "id": id })), None, "{id}");
    }
    assert!(FoundPort::parse(&json!({"id": "5cdded18-24a6-4625-9523-38e56465da7f"})).is_some());
}
