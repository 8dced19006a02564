//! The client against a service that answers what ironic-inspector 12.5.0 was recorded to answer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use assay_core::id::NodeId;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{InspectorChoice, InspectorClient, InspectorInspect};
use crate::{
    error::DriverError,
    interface::{InspectInterface as _, Progress, Task},
    openstack::{
        Auth, Settings,
        tests::{account, settings, token},
    },
    rude::Rude,
    testing::task as blank,
};
use assay_core::run::Service;

const NODE: &str = "11111111-2222-4333-8444-000000000001";

/// What the service does with the next request.
enum Turn {
    Answer(u16, Value),
    Header(&'static str),
    HangUp,
}

struct Fake {
    interface: InspectorInspect,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A service that takes these turns, one a connection, and notes what it was asked.
async fn fake(turns: Vec<Turn>) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (noted, mut turns) = (Arc::clone(&asked), VecDeque::from(turns));
    tokio::spawn(async move {
        while let Some(turn) = turns.pop_front() {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            assert!(head.to_lowercase().contains("x-openstack-ironic-inspector-api-version: 1.13"), "{head}");
            noted.lock().unwrap().push(head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned());
            let (status, header, body) = match turn {
                Turn::HangUp => continue,
                Turn::Answer(status, body) => (status, String::new(), body.to_string()),
                Turn::Header(header) => (200, format!("{header}\r\n"), "{}".to_owned()),
            };
            let answer = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    Fake { interface: interface(endpoint), asked }
}

/// The interface with a service at `endpoint`.
fn interface(endpoint: String) -> InspectorInspect {
    inspector(Settings { endpoint_override: Some(endpoint), ..settings(Auth::None) })
}

fn inspector(settings: Settings) -> InspectorInspect {
    let names = Settings { name: "the introspection service", group: "inspector", ..settings };
    let settings = Settings { service_type: "baremetal-introspection".to_owned(), ..names };
    InspectorInspect { choice: InspectorChoice::Auto, client: Some(InspectorClient::new(settings).unwrap()) }
}

fn node() -> Task {
    let mut task = blank("redfish");
    task.node.id = NODE.parse::<NodeId>().unwrap();
    task
}

/// A recorded answer.
fn recorded(sample: &str) -> Turn {
    let lines = include_str!("../../../../wire/tests/data/inspector-12.5.0.jsonl").lines();
    let mut samples = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = samples.find(|value| value["sample"] == sample).unwrap();
    Turn::Answer(u16::try_from(found["status"].as_u64().unwrap()).unwrap(), found["response_body"].clone())
}

#[tokio::test]
async fn a_start_asks_first_and_says_who_manages_the_boot() {
    for (manage_boot, word) in [(true, "True"), (false, "False")] {
        let fake = fake(vec![recorded("122-insp-status-404"), recorded("134-insp-start-202")]).await;
        fake.interface.start_introspection(&node(), manage_boot, false).await.unwrap();
        let status = format!("GET /v1/introspection/{NODE}");
        assert_eq!(
            *fake.asked.lock().unwrap(),
            [status.clone(), status.replace("GET", "POST") + "?manage_boot=" + word]
        );
    }
}

#[tokio::test]
async fn a_refused_start_passes_the_services_own_words_on() {
    let text = "Invalid provision state for introspection: \"available\"";
    let refusal = Turn::Answer(400, json!({"error": {"message": text}}));
    let fake = fake(vec![recorded("122-insp-status-404"), refusal]).await;
    let error = fake.interface.start_introspection(&node(), false, false).await.unwrap_err();
    assert!(error.to_string().ends_with(&format!("?manage_boot=False: HTTP 400: {text}")), "{error}");
    assert!(!error.maybe_happened());
}

#[tokio::test]
async fn a_start_whose_answer_was_lost_is_looked_for_and_not_repeated() {
    let lost = || vec![recorded("155-insp-status-aborted"), Turn::HangUp];
    let mut turns = lost();
    turns.push(recorded("135-insp-status-waiting"));
    let landed = fake(turns).await;
    landed.interface.start_introspection(&node(), true, false).await.unwrap();

    let mut turns = lost();
    turns.push(recorded("155-insp-status-aborted"));
    let not_landed = fake(turns).await;
    let error = not_landed.interface.start_introspection(&node(), true, false).await.unwrap_err();
    assert!(error.maybe_happened(), "{error}");
    let posts = |fake: &Fake| fake.asked.lock().unwrap().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!((posts(&landed), posts(&not_landed)), (1, 1));

    let repeated = fake(vec![recorded("135-insp-status-waiting")]).await;
    repeated.interface.start_introspection(&node(), true, true).await.unwrap();
    assert_eq!(posts(&repeated), 0, "an earlier try has landed");
}

#[tokio::test]
async fn an_abort_of_what_is_not_known_or_ends_by_itself_is_well() {
    let locked = || Turn::Answer(409, json!({"error": {"message": "Node is locked, please, retry later"}}));
    for turns in [
        vec![recorded("154-insp-abort-202")],
        vec![recorded("122-insp-status-404")],
        vec![locked(), locked(), locked()],
    ] {
        fake(turns).await.interface.abort_introspection(&node()).await.unwrap();
    }
}

#[tokio::test]
async fn progress_and_data_are_read_as_recorded() {
    for (sample, expected) in [
        ("135-insp-status-waiting", Progress::GoesOn),
        ("143-insp-status-processing", Progress::GoesOn),
        ("144-insp-status-finished", Progress::Finished),
        ("155-insp-status-aborted", Progress::Failed("Canceled by operator".to_owned())),
    ] {
        let fake = fake(vec![recorded(sample)]).await;
        assert_eq!(fake.interface.introspection(&node()).await.unwrap(), expected, "{sample}");
    }
    let data =
        fake(vec![recorded("147-insp-data")]).await.interface.introspection_data(&node()).await.unwrap().unwrap();
    assert_eq!(data.inventory["interfaces"][0]["name"], "eno1");
    assert!(data.plugin_data["all_interfaces"].is_object() && data.plugin_data.get("inventory").is_none());
    let none = fake(vec![recorded("138-insp-data-before-404")]).await.interface.introspection_data(&node()).await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn answers_that_are_no_inspectors_are_told_as_such() {
    for (turn, text) in [
        (Turn::Answer(200, json!("<html>")), "does not say whether it has finished"),
        (Turn::Answer(200, json!({"finished": "yes"})), "does not say whether it has finished"),
        (Turn::Answer(406, json!({"error": {"message": "Unsupported API version 1.13"}})), "HTTP 406: Unsupported"),
    ] {
        let error = fake(vec![turn]).await.interface.introspection(&node()).await.unwrap_err();
        assert!(matches!(&error, DriverError::Inspection(said) if said.contains(text)), "{error}");
    }
}

#[tokio::test]
async fn our_own_service_is_known_by_its_instance_and_any_other_is_external() {
    for (turn, service) in [
        (Turn::Header("Assay-Instance: ab12cd34"), Service::BuiltIn),
        (Turn::Header("Assay-Instance: other"), Service::External),
        (Turn::Header("X-Other: ab12cd34"), Service::External),
    ] {
        assert_eq!(fake(vec![turn]).await.interface.service("ab12cd34").await, service);
    }
    let unset = InspectorInspect { choice: InspectorChoice::Auto, client: None };
    assert_eq!(unset.service("ab12cd34").await, Service::BuiltIn);
    let gone = interface("http://127.0.0.1:1".to_owned());
    assert_eq!(gone.service("ab12cd34").await, Service::External);
    let error = gone.start_introspection(&node(), false, false).await.unwrap_err();
    assert!(error.to_string().contains("cannot connect") && !error.maybe_happened(), "{error}");
}

#[tokio::test]
async fn the_catalog_leads_to_the_service_and_one_without_it_is_an_error() {
    let keystone = Rude::start(|seen| token(seen, 0, 3600)).await;
    let login = || Auth::Keystone(account(keystone.address.clone()));
    let lacking = inspector(settings(login()));
    let text = "the catalog has no endpoint of type baremetal-introspection, interface internal or public";
    assert_eq!(lacking.service("ab12cd34").await, Service::External);
    for error in
        [lacking.endpoint().await.unwrap_err(), lacking.start_introspection(&node(), false, false).await.unwrap_err()]
    {
        assert!(matches!(&error, DriverError::Inspection(said) if said.contains(text)), "{error}");
    }
    // The type that this catalog has.
    let service = InspectorClient::new(settings(login())).unwrap();
    let found = InspectorInspect { choice: InspectorChoice::External, client: Some(service) };
    assert_eq!(found.endpoint().await.unwrap(), Some(format!("{}/networking", keystone.address)));
}
