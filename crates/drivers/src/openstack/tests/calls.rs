//! Calls that go wrong: what is sent again, what is not, and that each ends in time.

use std::time::Instant;

use super::*;

/// A manner of failing, after which the service works.
type Failing = fn() -> Manner;

const FAILINGS: [(Failing, &str); 5] = [
    (|| Manner::Cut, "the connection broke"),
    (|| Manner::Answer(503, "Retry-After: 1\r\n", String::new()), "HTTP 503"),
    (|| Manner::Answer(500, "", "<html>".to_owned()), "HTTP 500"),
    (|| Manner::Answer(429, "", String::new()), "HTTP 429"),
    (|| Manner::Answer(502, "", "<html>Bad Gateway</html>".to_owned()), "HTTP 502"),
];

async fn failing_once(failing: Failing) -> Cloud {
    Cloud::with(move |_, number| if number == 0 { failing() } else { ok(&json!({"done": number})) }).await
}

#[tokio::test]
async fn what_can_be_done_twice_is_sent_again() {
    let methods = [Method::GET, Method::PUT, Method::DELETE].into_iter().cycle();
    for ((failing, name), method) in FAILINGS.into_iter().zip(methods) {
        let cloud = failing_once(failing).await;
        let done = cloud.service.call(call(method, "/v2.0/ports/x", Retry::Idempotent)).await.unwrap();
        assert_eq!((done, cloud.calls()), (json!({"done": 1}), 2), "{name}");
    }
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_sent_once() {
    for (failing, name) in FAILINGS {
        let cloud = failing_once(failing).await;
        let error = cloud.service.call(call(Method::POST, "/v2.0/ports", Retry::IfNotSent)).await.unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!((cloud.calls(), error.was_not_sent()), (1, false), "{name}");
        assert_eq!(error.may_have_landed(), name != "HTTP 429", "{name}");
    }
}

#[tokio::test]
async fn a_write_stays_in_doubt_whatever_its_later_tries_end_with() {
    let cloud = Cloud::with(|_, number| if number == 0 { Manner::Cut } else { status(409) }).await;
    let error = cloud.service.call(call(Method::PUT, "/v2.0/ports/x", Retry::Idempotent)).await.unwrap_err();
    assert_eq!((error.status(), error.may_have_landed(), error.was_not_sent()), (Some(409), true, false));
    let error = cloud.service.call(call(Method::PUT, "/v2.0/ports/x", Retry::Idempotent)).await.unwrap_err();
    assert!(!error.may_have_landed());
}

#[tokio::test]
async fn a_call_is_repeated_as_often_as_is_configured_and_no_more() {
    for (manner, calls) in [(FAILINGS[0].0, 3), (FAILINGS[1].0, 3), (|| status(409), 1)] {
        let cloud = Cloud::with(move |_, _| manner()).await;
        cloud.service.call(get("/v2.0/ports")).await.unwrap_err();
        assert_eq!(cloud.calls(), calls);
    }
}

#[tokio::test]
async fn a_success_that_makes_no_sense_leaves_a_write_in_doubt() {
    let cloud = Cloud::with(|_, _| Manner::Answer(200, "", "<html>".to_owned())).await;
    for (method, doubt) in [(Method::GET, false), (Method::POST, true)] {
        let error = cloud.service.call(call(method, "/v2.0/ports", Retry::IfNotSent)).await.unwrap_err();
        assert!(error.to_string().contains("the answer is not JSON"), "{error}");
        assert_eq!(error.may_have_landed(), doubt);
    }
    assert!(cloud.service.nonsense(&Method::POST, "/v2.0/ports", "it holds no port").may_have_landed());
}

#[tokio::test]
async fn s6_a_call_ends_in_time_whatever_does_not_answer() {
    let silent = |_: &Seen, _| Manner::Silence;
    let endless = |_: &Seen, _| Manner::Flood;
    for (cloud, text, was_not_sent) in [
        (Cloud::new(silent, silent).await, "/v3/auth/tokens: no answer in time", true),
        (Cloud::with(silent).await, "POST /v2.0/ports: no answer in time", false),
        (Cloud::with(endless).await, "the answer is larger than 2097152 bytes", false),
    ] {
        let start = Instant::now();
        let error = cloud.service.call(call(Method::POST, "/v2.0/ports", Retry::IfNotSent)).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!((error.was_not_sent(), error.may_have_landed()), (was_not_sent, !was_not_sent), "{error}");
    }
}

#[tokio::test]
async fn without_keystone_a_service_is_called_at_its_own_url() {
    let rude = Rude::start(|_| ok(&json!({}))).await;
    let basic = || Auth::HttpBasic { username: "ironic".to_owned(), password: secret("ntsecret") };
    for (auth, proof) in [(Auth::None, None), (basic(), Some("authorization: basic "))] {
        for path in ["", "/", "/v2.0", "/v2.0/"] {
            let endpoint_override = Some(format!("{}{path}", rude.address));
            let headers = vec![("X-Version", "1.13")];
            let service = Service::new(Settings { endpoint_override, headers, ..settings(auth.clone()) }).unwrap();
            service.call(get("/v2.0/networks")).await.unwrap();
            assert_eq!(service.endpoint().await.unwrap(), rude.address);
            assert_eq!(service.project().await.unwrap(), None);
            let seen = rude.seen("").pop().unwrap();
            assert_eq!(seen.line, "GET /v2.0/networks");
            assert!(seen.headers.contains("x-version: 1.13\r\n") && !seen.headers.contains("x-auth-token"));
            assert!(proof.is_none_or(|proof| seen.headers.contains(proof)), "{}", seen.headers);
        }
        let error = Service::new(settings(auth)).err().unwrap();
        assert_eq!(error, "[neutron] endpoint_override has to be set: only Keystone has a catalog");
    }
}

#[tokio::test]
async fn a_path_that_is_not_plain_is_not_sent() {
    let rude = Rude::start(|_| ok(&json!({}))).await;
    let endpoint_override = Some(rude.address.clone());
    let service = Service::new(Settings { endpoint_override, connect_retries: 0, ..settings(Auth::None) }).unwrap();
    for path in ["/v2.0/networks/../ports", "/v2.0/networks/a b", "/v2.0/networks/a?b", "/v2.0/networks/%2e%2e/x", "x"]
    {
        let error = service.call(get(path)).await.unwrap_err();
        assert!(error.was_not_sent() && error.to_string().contains("not a path in its plain form"), "{error}");
    }
    assert_eq!(rude.seen("").len(), 0);
}
