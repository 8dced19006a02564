//! A client's walk through the API of Ironic 39.0.0, asked again of this service: every status and
//! every error text is the recorded one, and so is every object but for ids, times and fields that
//! are younger than what is served.

use std::collections::BTreeMap;

use assay::api::ConductorApi as _;
use assay_core::provision::ProvisionEvent;
use serde_json::Value;

use crate::service::{Answer, Service, request};

const NODE: &str = "11111111-2222-4333-8444-000000000001";

/// Steps that are not asked, each with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("013", "upstream fails on it"),
    ("014", "upstream fails on it"),
    ("020", "of two duplicates, releases differ in which they name"),
    ("025", "upstream answers 500 to a body that is not JSON"),
    ("110", "lookup is not served, and says so"),
    ("112", "lookup is not served, and says so"),
    ("124", "lookup is not served, and says so"),
    ("113", "heartbeats are not served, and say so"),
    ("119", "this conductor is never found at work"),
    ("125", "there is no run behind this conductor's inspections"),
    ("127", "there is no run behind this conductor's inspections"),
    ("128", "there is no run behind this conductor's inspections"),
];

/// Steps whose objects are not compared: they list what a build has.
const OTHER_OBJECTS: &[&str] = &["001", "002", "003", "010", "011", "012", "016"];

#[tokio::test]
async fn the_recorded_walk_is_answered_alike() {
    let service = Service::start().await;
    let mut ids = BTreeMap::new();
    let mut different = Vec::new();
    for line in include_str!("../../../wire/tests/data/ironic39-agent.jsonl").lines() {
        let step: Value = serde_json::from_str(line).unwrap();
        let name = step["sample"].as_str().unwrap();
        if LEFT_OUT.iter().any(|(number, _)| name.starts_with(number)) {
            if name.starts_with("125") {
                end_inspection(&service).await;
            }
            continue;
        }
        let asked: Value = serde_json::from_str(&ours(line, &ids)).unwrap();
        let version = match asked["version"].as_str() {
            Some("1.100") => "1.95",
            other => other.unwrap_or_default(),
        };
        let (method, path) = (asked["method"].as_str().unwrap(), asked["path"].as_str().unwrap());
        let answer = service.send(request(method, path, version, &sent(&asked["request_body"]))).await;
        if let (Some(theirs), Some(ours)) = (step["response_body"]["uuid"].as_str(), answer.body["uuid"].as_str()) {
            ids.insert(theirs.to_owned(), ours.to_owned());
        }
        let expected: Value = serde_json::from_str(&ours(line, &ids)).unwrap();
        different.extend(compare(name, &expected, &answer));
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The recorded step with our ids in place of theirs.
fn ours(line: &str, ids: &BTreeMap<String, String>) -> String {
    ids.iter().fold(line.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours))
}

fn sent(body: &Value) -> Value {
    if body == "" { Value::Null } else { body.clone() }
}

/// Ends the inspection behind which there is no run.
async fn end_inspection(service: &Service) {
    let node = NODE.parse().unwrap();
    service.conductor.provision(node, ProvisionEvent::Done).await.unwrap();
}

/// What is answered otherwise than recorded.
fn compare(name: &str, expected: &Value, answer: &Answer) -> Option<String> {
    let same = |what: &str, ours: &Value, theirs: &Value| {
        (ours != theirs).then(|| format!("{name}: {what}\n  ours:   {ours}\n  theirs: {theirs}"))
    };
    let status = Value::from(answer.status.as_u16());
    let location = Value::from(answer.header("location"));
    let differs = same("status", &status, &expected["status"])
        .or_else(|| same("location", &location, &expected["location"].as_str().unwrap_or_default().into()));
    if differs.is_some() {
        return differs;
    }
    if answer.status.as_u16() >= 400 {
        let recorded = assay_wire::fault::text(&expected["response_body"]).unwrap();
        return same("error", &plain_text(&answer.refusal()).into(), &plain_text(&recorded).into());
    }
    if OTHER_OBJECTS.iter().any(|number| name.starts_with(number)) {
        return None;
    }
    let (mut theirs, mut ours) = (sent(&expected["response_body"]), answer.body.clone());
    normalise(&mut theirs);
    normalise(&mut ours);
    same("object", &ours, &theirs)
}

/// An error text without what differs: the range of versions, young fields, internal ids.
fn plain_text(text: &str) -> String {
    let text = text.replace("1.115]", "1.95]").replace("instance_name, ", "");
    for before in ["record for node ", "because portgroup "] {
        if let Some((start, end)) = text.split_once(before) {
            return format!("{start}{before}X {}", end.split_once(' ').unwrap_or_default().1);
        }
    }
    text
}

/// Fields that are younger than 1.95, and those that depend on what the conductor did; upstream
/// shows its own short reservation in the answer to a patch.
const NOT_COMPARED: &[&str] = &[
    "health",
    "instance_name",
    "vendor",
    "category",
    "dynamic_portgroup",
    "drivers",
    "reservation",
    "driver_internal_info",
    "power_state",
    "inspection_finished_at",
    "extra",
    "properties",
];

fn normalise(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !NOT_COMPARED.contains(&key.as_str()));
            if map.contains_key("address") {
                map.remove("description");
            }
            if map.contains_key("standalone_ports_supported") {
                map.remove("physical_network");
            }
            if map.contains_key("severity") {
                map.remove("uuid");
            }
            map.values_mut().for_each(normalise);
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::String(text) => {
            if text.len() > 19 && text.as_bytes()[10] == b'T' && text.ends_with("+00:00") {
                *text = "<time>".to_owned();
            }
            if let Some((url, query)) = text.clone().split_once("/v1/nodes?") {
                let mut arguments: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("fields=")).collect();
                arguments.sort_unstable();
                *text = format!("{url}/v1/nodes?{}", arguments.join("&"));
            }
            if text.contains("/history/") {
                *text = "<link>".to_owned();
            }
        }
        _ => {}
    }
}
