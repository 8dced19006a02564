//! What ramdisks post, with and without the secret of a run.

use std::sync::atomic::Ordering;

use assay_core::id::{NodeId, RunId};
use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::{Answer, Service};

const NODE: NodeId = NodeId(Uuid::from_u128(7));
const RUN: RunId = RunId(Uuid::from_u128(9));

async fn post(service: &Service, path: &str, body: Vec<u8>) -> Answer {
    service.send(Request::post(path).body(Body::from(body)).unwrap()).await
}

async fn waiting() -> (Service, String) {
    let service = Service::start().await;
    *service.conductor.waiting.lock().unwrap() = Some((RUN, NODE));
    let secret = service.store.key().callback_secret(RUN).reveal().to_owned();
    (service, secret)
}

fn offers(service: &Service) -> usize {
    service.conductor.offers.load(Ordering::Relaxed)
}

#[tokio::test]
async fn s9_a_body_with_the_right_secret_goes_through_as_it_is() {
    let (service, secret) = waiting().await;
    for (word, status) in [("continue", 200), ("continue_inspection", 202)] {
        let answer = post(&service, &format!("/v1/{word}/{RUN}/{secret}"), b"{\"a\": 1}".to_vec()).await;
        assert_eq!((answer.status.as_u16(), answer.body), (status, json!({"uuid": NODE})));
    }
    assert_eq!(service.conductor.bodies.lock().unwrap().as_slice(), [&b"{\"a\": 1}"[..], &b"{\"a\": 1}"[..]]);
}

#[tokio::test]
async fn s9_wrong_absent_and_late_secrets_get_one_and_the_same_answer() {
    let (service, secret) = waiting().await;
    let other = RunId(Uuid::from_u128(10));
    let late = service.store.key().callback_secret(other).reveal().to_owned();
    let mut answers = Vec::new();
    for path in [
        format!("/v1/continue_inspection/{RUN}/{}", "A".repeat(43)),
        format!("/v1/continue_inspection/{other}/{secret}"),
        format!("/v1/continue_inspection/{RUN}/x"),
        format!("/v1/continue_inspection/x/{secret}"),
        format!("/v1/continue_inspection/{other}/{late}"),
        format!("/v1/continue/{other}/{late}"),
        format!("/v1/continue_inspection/{RUN}"),
        format!("/v1/continue/{RUN}"),
    ] {
        let answer = post(&service, &path, b"{}".to_vec()).await;
        answers.push((answer.status, answer.body, answer.headers.get("content-length").cloned()));
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(service.conductor.bodies.lock().unwrap().is_empty());
}

#[tokio::test]
async fn s9_the_body_is_not_read_before_the_secret_is_verified() {
    let (service, _) = waiting().await;
    let never = futures::stream::pending::<Result<Bytes, std::io::Error>>().boxed();
    let request = Request::post(format!("/v1/continue_inspection/{RUN}/{}", "A".repeat(43)));
    assert_eq!(service.send(request.body(Body::from_stream(never)).unwrap()).await.status, 404);
}

#[tokio::test]
async fn s10_a_body_beyond_the_limits_is_refused_before_it_is_parsed() {
    let (service, secret) = waiting().await;
    let path = format!("/v1/continue_inspection/{RUN}/{secret}");
    for (body, status) in [
        (vec![b' '; (64 << 10) + 1], 413),
        (vec![b'['; 1000], 400),
        (b"{bad".to_vec(), 400),
        (b"\xff\xfe".to_vec(), 400),
    ] {
        assert_eq!(post(&service, &path, body).await.status, status);
    }
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096])));
    let endless = Request::post(&path).body(Body::from_stream(chunks)).unwrap();
    assert_eq!(service.send(endless).await.status, 413);
    assert_eq!(offers(&service), 0);
}

#[tokio::test]
async fn s10_more_bodies_than_there_is_room_for_are_put_off() {
    let (service, secret) = waiting().await;
    let path = format!("/v1/continue_inspection/{RUN}/{secret}");
    let announced = |bytes: usize| {
        let never = futures::stream::pending::<Result<Bytes, std::io::Error>>().boxed();
        Request::post(&path).header("content-length", bytes).body(Body::from_stream(never)).unwrap()
    };
    let slow: Vec<_> = (0..16).map(|_| Box::pin(service.send(announced(64 << 10)))).collect();
    let mut slow = futures::stream::FuturesUnordered::from_iter(slow);
    assert!(futures::poll!(slow.next()).is_pending());
    assert_eq!(post(&service, &path, b"{}".to_vec()).await.status, 503);
    drop(slow);
    assert_eq!(post(&service, &path, b"{}".to_vec()).await.status, 202);
}

#[tokio::test]
async fn the_plain_path_is_open_to_the_stock_ramdisk_and_to_young_clients() {
    let (service, _) = waiting().await;
    let body = json!({"inventory": {"interfaces": [{"mac_address": "52:54:00:00:00:01"}]}});
    for (minor, status) in [(0, 202), (1, 202), (83, 404), (84, 202), (95, 202)] {
        let answer = service.ask(minor, "POST", "/v1/continue_inspection", &body).await;
        assert_eq!(answer.status, status, "1.{minor}");
    }
    let hinted = format!("/v1/continue_inspection?node_uuid={NODE}");
    assert_eq!(service.ask(84, "POST", &hinted, &body).await.status, 202);
    assert_eq!(service.ask(0, "POST", &hinted, &body).await.status, 406);
    assert_eq!(service.ask(84, "POST", "/v1/continue_inspection?x=1", &body).await.status, 400);
    *service.conductor.waiting.lock().unwrap() = None;
    let answer = service.ask(84, "POST", "/v1/continue_inspection", &body).await;
    assert_eq!((answer.status.as_u16(), answer.refusal().as_str()), (404, "Resource could not be found."));
    assert_eq!(service.ask(84, "POST", "/v1/continue_inspection", &Value::Null).await.status, 400);
}

#[tokio::test]
async fn switched_off_ramdisk_endpoints_are_forbidden() {
    let settings = assay::api::Settings { ramdisk_endpoints: false, ..crate::service::settings() };
    let service = Service::with(settings, assay::api::Auth::Noauth).await;
    for path in ["/v1/continue_inspection", "/v1/continue/a/b"] {
        assert_eq!(post(&service, path, b"{}".to_vec()).await.status, 403, "{path}");
    }
}
