//! What ports do over time, and to the switches.

use std::{collections::BTreeSet, time::Duration};

use assay_sim::{Cloud, CloudRequest, CloudSetup, FakeUser};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Asked, kind, token};

const MAC: &str = "52:54:00:00:00:01";

#[tokio::test]
async fn a_port_is_active_some_time_after_it_was_bound() {
    let asked = Asked::start(CloudSetup { binding: Duration::from_millis(300), ..CloudSetup::default() }).await;
    let (status, created) = asked.create(&asked.bound("inspection", MAC, "p1")).await;
    assert_eq!((status, &created["port"]["status"]), (201, &json!("DOWN")));
    assert_eq!(created["port"]["project_id"], asked.cloud.project("service").as_str());
    let path = format!("ports/{}", created["port"]["id"].as_str().unwrap());
    assert_eq!(asked.get(&path).await["port"]["status"], "DOWN");
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(asked.get(&path).await["port"]["status"], "ACTIVE");
}

#[tokio::test]
async fn of_two_ports_on_one_switch_port_the_last_sets_the_vlan_and_the_first_clears_it() {
    let asked = Asked::start(CloudSetup::default()).await;
    let first = asked.create(&asked.bound("inspection", MAC, "p1")).await.1;
    assert_eq!(asked.cloud.switch("p1"), Some(102));
    let second = asked.create(&asked.bound("tenant", MAC, "p1")).await.1;
    assert_eq!(asked.cloud.switch("p1"), Some(103));
    assert_eq!(asked.delete(first["port"]["id"].as_str().unwrap()).await, 204);
    assert_eq!(asked.cloud.switch("p1"), None);
    let left = asked.cloud.ports();
    assert_eq!(left[0]["id"], second["port"]["id"], "which believes that it is bound");
    assert_eq!(left[0]["status"], "ACTIVE");
}

#[tokio::test]
async fn a_switch_that_does_not_answer_leaves_no_port() {
    let asked = Asked::start(CloudSetup::default()).await;
    let mut port = asked.bound("inspection", MAC, "p1");
    port["binding:profile"]["local_link_information"][0]["switch_info"] = json!("dead-switch");
    let (status, body) = asked.create(&port).await;
    assert_eq!((status, kind(&body)), (500, "GenericSwitchNetmikoConnectError"));
    assert!(asked.cloud.ports().is_empty());
}

#[tokio::test]
async fn a_policy_that_forbids_binding_on_create_allows_it_in_a_second_request() {
    let asked = Asked::start(CloudSetup { allows_binding_on_create: false, ..CloudSetup::default() }).await;
    let port = asked.bound("inspection", MAC, "p1");
    let (status, body) = asked.create(&port).await;
    assert_eq!((status, kind(&body)), (403, "PolicyNotAuthorized"));
    let bare = json!({"network_id": port["network_id"], "binding:vnic_type": "baremetal"});
    let (status, created) = asked.create(&bare).await;
    assert_eq!((status, &created["port"]["binding:vif_type"]), (201, &json!("unbound")));
    let rest = json!({
        "mac_address": MAC,
        "binding:host_id": port["binding:host_id"],
        "binding:profile": port["binding:profile"],
    });
    let (status, changed) = asked.change(created["port"]["id"].as_str().unwrap(), &rest).await;
    assert_eq!((status, &changed["port"]["binding:vif_type"]), (200, &json!("other")));
    assert_eq!(asked.cloud.switch("p1"), Some(102));
}

#[tokio::test]
async fn addresses_come_from_the_pool_until_it_is_empty() {
    let asked = Asked::start(CloudSetup::default()).await;
    let on = |network: &str, fixed_ips: Value| {
        let network_id = asked.cloud.network(network);
        if fixed_ips.is_null() {
            json!({"network_id": network_id})
        } else {
            json!({"network_id": network_id, "fixed_ips": fixed_ips})
        }
    };
    let (_, none) = asked.create(&on("inspection", json!([]))).await;
    assert_eq!(none["port"]["fixed_ips"], json!([]));

    assert_eq!(asked.create(&on("tiny", Value::Null)).await.0, 201);
    let (status, body) = asked.create(&on("tiny", Value::Null)).await;
    assert_eq!((status, kind(&body)), (409, "IpAddressGenerationFailure"));
    assert_eq!(asked.create(&on("full", Value::Null)).await.0, 409);

    let (_, v6) = asked.create(&on("inspection-v6", Value::Null)).await;
    let first = v6["port"]["fixed_ips"][0].clone();
    let subnet = asked.get(&format!("subnets/{}", first["subnet_id"].as_str().unwrap())).await;
    assert_eq!(subnet["subnet"]["ipv6_address_mode"], "dhcpv6-stateful");
    let more = json!({"subnet_id": first["subnet_id"]});
    let id = v6["port"]["id"].as_str().unwrap();
    let (status, four) = asked.change(id, &json!({"fixed_ips": [first, more, more, more]})).await;
    let addresses = four["port"]["fixed_ips"].as_array().unwrap().iter().map(|it| it["ip_address"].to_string());
    assert_eq!((status, addresses.collect::<BTreeSet<_>>().len()), (200, 4), "{four}");
}

#[tokio::test]
async fn a_filter_that_is_repeated_means_any_of_them_and_an_unknown_one_is_refused() {
    let asked = Asked::start(CloudSetup::default()).await;
    for mac in ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"] {
        asked.create(&asked.bound("inspection", mac, mac)).await;
    }
    let some = asked.get("ports?mac_address=52:54:00:00:00:01&mac_address=52:54:00:00:00:03&fields=mac_address").await;
    assert_eq!(some["ports"], json!([{"mac_address": "52:54:00:00:00:01"}, {"mac_address": "52:54:00:00:00:03"}]));
    let both = asked.get("ports?mac_address=52:54:00:00:00:01&status=DOWN").await;
    assert_eq!(both["ports"], json!([]), "different filters must all be met");
    assert_eq!(asked.ask(Method::GET, "ports?macaddress=x", None).await.0, 400);
    assert_eq!(asked.get("networks?name=twice&fields=id").await["networks"].as_array().unwrap().len(), 2);
    let groups = asked.get("security-groups?name=inspection").await;
    assert_eq!(groups["security_groups"].as_array().unwrap().len(), 1);
    assert_eq!(asked.get("agents?host=dead-host").await["agents"][0]["alive"], false);
}

#[tokio::test]
async fn ports_of_others_are_there_and_are_theirs() {
    let asked = Asked::start(CloudSetup::default()).await;
    let id = asked.cloud.add_port(json!({"mac_address": MAC, "name": "vm-1"})).unwrap();
    let seen = asked.get(&format!("ports/{id}")).await;
    assert_eq!(seen["port"]["project_id"], asked.cloud.project("tenant").as_str());
    assert_eq!(seen["port"]["network_id"], asked.cloud.network("tenant").as_str());
    let (status, body) = asked.create(&asked.bound("tenant", MAC, "p1")).await;
    assert_eq!((status, kind(&body)), (409, "MacAddressInUse"));
    asked.cloud.remove_port(&id);
    assert_eq!(asked.delete(&id).await, 404);
}

#[tokio::test]
async fn who_has_no_role_sees_only_its_own_and_not_how_it_is_bound() {
    let mut setup = CloudSetup::default();
    setup.networks[1].project = "demo".into();
    let cloud = Cloud::start(setup).await.unwrap();
    let client = reqwest::Client::new();
    let FakeUser { name, password, project, .. } = CloudSetup::default().users[2].clone();
    let token = token(&client, &cloud, &name, &password, &project).await;
    let asked = Asked { cloud, client, token };
    let foreign = asked.cloud.add_port(json!({})).unwrap();
    assert_eq!(asked.ask(Method::GET, &format!("ports/{foreign}"), None).await.0, 404);
    assert_eq!(asked.get("networks?name=inspection").await["networks"], json!([]));
    let (status, own) = asked.create(&json!({"network_id": asked.cloud.network("tenant")})).await;
    assert_eq!(status, 201, "{own}");
    assert!(own["port"].get("binding:vif_type").is_none());
    let (status, body) = asked.create(&asked.bound("tenant", MAC, "p1")).await;
    assert_eq!((status, kind(&body)), (403, "PolicyNotAuthorized"));
    assert_eq!(asked.cloud.requests().last().unwrap().request, CloudRequest::CreatePort);
}
