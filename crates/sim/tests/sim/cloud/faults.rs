//! What can go wrong, and what has been done when it does.

use std::time::Duration;

use assay_sim::{CloudRequest, CloudSetup, Fault, Times};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Asked, kind};

const MAC: &str = "52:54:00:00:00:01";

/// What came of a request.
#[derive(Debug, PartialEq)]
enum Came {
    /// A whole answer: its status, and whether it is JSON.
    Answer(u16, bool),
    /// A status, but only a part of the body.
    Part(u16),
    /// No answer.
    Cut,
    /// Nothing in time.
    Nothing,
}

async fn create(asked: &Asked) -> Came {
    let url = format!("{}/v2.0/ports", asked.cloud.network_url());
    let body = json!({"port": asked.bound("inspection", MAC, "p1")});
    let request = asked.client.post(url).header("X-Auth-Token", &asked.token).json(&body);
    match request.timeout(Duration::from_millis(400)).send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            match answer.bytes().await {
                Ok(body) => Came::Answer(status, serde_json::from_slice::<Value>(&body).is_ok()),
                Err(_) => Came::Part(status),
            }
        }
        Err(error) if error.is_timeout() => Came::Nothing,
        Err(_) => Came::Cut,
    }
}

#[tokio::test]
async fn each_fault_is_answered_so_and_does_so_much() {
    let late = Duration::from_millis(200);
    let cases = [
        (Fault::Refuse(503), Came::Answer(503, true), 0, 0),
        (Fault::ErrorPage(502), Came::Answer(502, false), 0, 0),
        (Fault::Garbage, Came::Answer(200, false), 0, 0),
        (Fault::Slow(late), Came::Answer(201, true), 1, 1),
        (Fault::Slow(Duration::from_millis(500)), Came::Nothing, 0, 1),
        (Fault::Hang, Came::Nothing, 0, 0),
        (Fault::CutAfter, Came::Cut, 1, 1),
        (Fault::CutBody, Came::Part(201), 1, 1),
        (Fault::Late(late), Came::Cut, 0, 1),
    ];
    for (fault, came, at_once, in_the_end) in cases {
        let asked = Asked::start(CloudSetup::default()).await;
        asked.cloud.inject(CloudRequest::CreatePort, fault, Times::Next(1));
        assert_eq!(create(&asked).await, came, "{fault:?}");
        assert_eq!(asked.cloud.ports().len(), at_once, "{fault:?}: at once");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(asked.cloud.ports().len(), in_the_end, "{fault:?}: in the end");
    }
}

#[tokio::test]
async fn a_delete_has_no_body_that_could_be_cut() {
    let asked = Asked::start(CloudSetup::default()).await;
    let (_, created) = asked.create(&asked.bound("inspection", MAC, "p1")).await;
    asked.cloud.inject(CloudRequest::DeletePort, Fault::CutBody, Times::Next(1));
    let path = format!("ports/{}", created["port"]["id"].as_str().unwrap());
    assert!(asked.send(Method::DELETE, &path, None).await.is_err());
    assert!(asked.cloud.ports().is_empty());
}

#[tokio::test]
async fn a_fault_can_be_for_a_kind_for_a_text_or_for_a_whole_service() {
    let asked = Asked::start(CloudSetup::default()).await;
    let other = "52:54:00:00:00:02";
    asked.cloud.inject_for(other, CloudRequest::CreatePort, Fault::Refuse(500), Times::Next(1));
    assert_eq!(asked.create(&asked.bound("inspection", MAC, "p1")).await.0, 201);
    let (status, body) = asked.create(&asked.bound("inspection", other, "p2")).await;
    assert_eq!((status, kind(&body)), (500, "HTTPRefused"));
    assert_eq!(asked.create(&asked.bound("inspection", other, "p2")).await.0, 201);

    asked.cloud.inject(CloudRequest::Neutron, Fault::Refuse(503), Times::Always);
    assert_eq!(asked.ask(Method::GET, "ports", None).await.0, 503);
    assert_eq!(asked.ask(Method::GET, "networks", None).await.0, 503);
    asked.cloud.heal();
    asked.get("ports").await;

    asked.cloud.inject(CloudRequest::Keystone, Fault::Refuse(503), Times::Always);
    assert_eq!(asked.client.get(asked.cloud.auth_url()).send().await.unwrap().status(), 503);
    asked.get("ports").await;
}

#[tokio::test]
async fn every_request_is_noted_with_its_answer() {
    let setup = CloudSetup { latency: Duration::from_millis(100), ..CloudSetup::default() };
    let asked = Asked::start(setup).await;
    let began = std::time::Instant::now();
    asked.get("ports?name=a%3Ab&name=c").await;
    assert!(began.elapsed() >= Duration::from_millis(100), "the latency");
    asked.create(&json!({"network_id": "x"})).await;
    let seen = asked.cloud.requests();
    assert_eq!(seen[0].query, [("name".to_owned(), "a:b".to_owned()), ("name".to_owned(), "c".to_owned())]);
    assert_eq!((seen[0].request, seen[0].status), (CloudRequest::ListPorts, 200));
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str(), seen[1].status), ("POST", "/v2.0/ports", 400));
    assert_eq!(seen[1].body, json!({"port": {"network_id": "x"}}));
    let keystone = asked.cloud.keystone_requests();
    assert_eq!((keystone.len(), keystone[0].request, keystone[0].status), (1, CloudRequest::Token, 201));
}
