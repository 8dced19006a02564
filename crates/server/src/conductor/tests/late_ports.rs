//! Ports that Neutron makes after everybody has given up on them.

use std::time::Duration;

use assay_core::{
    run::{Ending, Mark, Phase},
    secret::Secret,
};
use assay_drivers::{
    network::{Neutron, NeutronOptions},
    openstack::{Account, Auth, Domain, Identity, Named, Scope, Service, Settings},
    verify_ca::VerifyCa,
};
use assay_sim::{Cloud, CloudRequest, CloudSetup, Fault, Times};
use serde_json::{Value, json};

use super::house::{House, PATIENCE};
use crate::{
    audit::{AuditSource, judge},
    conductor::Conductor,
};

/// How long after its connection was cut a request lands.
const LATE: Duration = Duration::from_millis(2500);

/// A house whose node is isolated by this cloud.
async fn isolated(cloud: &Cloud) -> House {
    let mut house = House::new().await;
    let link = cloud.link("swp0").as_object().cloned().unwrap();
    house.isolate(neutron(cloud), options(), link).await;
    house
}

fn options() -> NeutronOptions {
    NeutronOptions {
        inspection_network: Some("inspection".to_owned()),
        security_groups: Vec::new(),
        add_all_ports: false,
        bind_port_groups: false,
        fail_on_port_binding_failure: true,
        dhcpv6_stateful_address_count: 1,
        allow_disabling_power_off: false,
        port_setup_delay: Duration::ZERO,
        dhcp: None,
    }
}

fn neutron(cloud: &Cloud) -> impl Fn() -> Neutron + Send + Sync + use<> {
    let ours = || Domain::Name("Default".to_owned());
    let auth = Auth::Keystone(Account {
        url: cloud.auth_url(),
        identity: Identity::Password {
            user: Named::Name("assay".to_owned(), ours()),
            password: Secret::new("s3cret-of-assay".to_owned()),
        },
        scope: Scope::Project(Named::Name("service".to_owned(), ours())),
    });
    let url = cloud.network_url();
    move || {
        let settings = Settings {
            name: "Neutron",
            label: "neutron",
            group: "neutron",
            auth: auth.clone(),
            service_type: "network".to_owned(),
            interfaces: vec!["public".to_owned()],
            region: None,
            endpoint_override: Some(url.clone()),
            ca: VerifyCa::System,
            request_timeout: Duration::from_secs(5),
            connect_retries: 0,
            status_code_retries: 0,
            headers: Vec::new(),
        };
        Neutron::new(Service::new(settings).unwrap())
    }
}

fn names(cloud: &Cloud) -> Vec<String> {
    cloud.ports().iter().filter_map(|port| port["name"].as_str().map(str::to_owned)).collect()
}

async fn until_gone(cloud: &Cloud) {
    let gone = async {
        while !cloud.ports().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap_or_else(|_| panic!("{:?}", cloud.ports()));
}

#[tokio::test]
async fn s5_a_port_that_is_made_after_the_end_of_its_run_is_removed_by_the_look_at_late_requests() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    let house = isolated(&cloud).await;
    let conductor = house.conductor(|config| config.figures.late = Duration::from_secs(8));
    conductor.start().await.unwrap();
    cloud.inject(CloudRequest::CreatePort, Fault::Late(LATE), Times::Always);
    conductor.request(house.node, assay_core::provision::ProvisionEvent::Inspect).await.unwrap();
    let run = house.run_until(|run| run.phase == Phase::Settle).await;
    assert!(matches!(run.ending, Some(Ending::Failed(_))), "{:?}", run.ending);
    tokio::time::sleep(LATE).await;
    assert_eq!(names(&cloud).len(), 1, "it has landed, once");
    house.run_until(|run| run.phase == Phase::Ended).await;
    assert_eq!(cloud.ports(), Vec::<Value>::new());
    assert_eq!(cloud.switch("swp0"), None);
}

#[tokio::test]
async fn s1_a_port_of_an_ended_run_is_told_by_the_audit_and_swept_away_and_others_stay() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    let house = isolated(&cloud).await;
    let conductor = house.conductor(|_| {});
    let run = house.lone_run();
    let mark = Mark { instance: house.store.instance().to_owned(), run, port: house.port() };
    let port = |name: String, mac: &str, project: &str| {
        json!({"network_id": cloud.network("inspection"), "name": name, "mac_address": mac,
            "project_id": cloud.project(project), "device_owner": "baremetal:none"})
    };
    cloud.add_port(port(mark.to_string(), "52:54:00:00:00:01", "service")).unwrap();
    let foreign = Mark { instance: "00000000".to_owned(), ..mark.clone() };
    cloud.add_port(port(foreign.to_string(), "52:54:00:00:00:02", "service")).unwrap();
    cloud.add_port(port(mark.to_string(), "52:54:00:00:00:03", "tenant")).unwrap();
    assert_eq!(told(&conductor).await.len(), 1);
    conductor.clone().sweep_ports().await.unwrap();
    assert_eq!(told(&conductor).await, Vec::<String>::new());
    assert_eq!(names(&cloud).len(), 2, "those of another installation and of another project");
}

async fn told(conductor: &Conductor) -> Vec<String> {
    let report = judge(&conductor.facts().await.unwrap());
    assert!(report.unknown.is_empty(), "{report:?}");
    report.left_behind.into_iter().map(|finding| finding.text).collect()
}

#[tokio::test]
async fn s4_ports_of_a_conductor_that_died_are_adopted_by_the_next_one() {
    let cloud =
        Cloud::start(CloudSetup { latency: Duration::from_millis(300), ..CloudSetup::default() }).await.unwrap();
    let house = isolated(&cloud).await;
    let first = house.started().await;
    first.request(house.node, assay_core::provision::ProvisionEvent::Inspect).await.unwrap();
    house.run_until(|run| run.journal.under_way().any(|entry| entry.effect.name() == "AddInspectionNetwork")).await;
    first.stop().await;
    let second = house.started().await;
    let run = house.run_until(|run| run.phase == Phase::Wait).await;
    assert_eq!((names(&cloud).len(), run.vifs().count()), (1, 1));
    second.request(house.node, assay_core::provision::ProvisionEvent::Abort).await.unwrap();
    until_gone(&cloud).await;
}
