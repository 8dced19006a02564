//! One token for everybody: asked for once, renewed in time, and anew when it is refused.

use futures::future::join_all;

use super::*;

/// Makes that many calls at once.
async fn crowd(cloud: &Cloud, size: usize) -> Vec<Result<Value, crate::openstack::CallError>> {
    join_all((0..size).map(|_| cloud.service.call(get("/v2.0/networks")))).await
}

#[tokio::test]
async fn calls_that_start_at_once_cause_one_request_for_a_token() {
    let cloud = Cloud::with(|_, _| ok(&json!({}))).await;
    assert!(crowd(&cloud, 100).await.iter().all(Result::is_ok));
    assert_eq!((cloud.log_ins(), cloud.calls()), (1, 100));
    let sent = cloud.rude.seen("GET");
    assert!(sent.iter().all(|seen| seen.headers.contains("x-auth-token: secret-token-0\r\n")));
}

#[tokio::test]
async fn calls_that_start_at_once_share_a_refusal() {
    let refusal = json!({"error": {"code": 401, "message": "No.", "title": "Unauthorized"}});
    let cloud = Cloud::new(move |_, _| answer(401, &refusal), |_, _| ok(&json!({}))).await;
    assert!(crowd(&cloud, 50).await.iter().all(Result::is_err));
    assert_eq!((cloud.log_ins(), cloud.calls()), (1, 0));
    crowd(&cloud, 1).await;
    assert_eq!(cloud.log_ins(), 2, "a later call asks anew");
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_before_it_is_used() {
    for (lifetime, log_ins) in [(30, 3), (29, 3), (32, 1)] {
        let cloud = Cloud::new(move |seen, n| token(seen, n, lifetime), |_, _| ok(&json!({}))).await;
        for _ in 0..3 {
            cloud.service.call(get("/v2.0/networks")).await.unwrap();
        }
        assert_eq!(cloud.log_ins(), log_ins, "a token of {lifetime} s");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once_however_many_calls_were_refused() {
    let cloud = Cloud::with(|seen, _| match seen.headers.contains("secret-token-0") {
        true => answer(401, &json!({"error": {"message": "The request you have made requires authentication."}})),
        false => ok(&json!({})),
    })
    .await;
    assert!(crowd(&cloud, 40).await.iter().all(Result::is_ok));
    assert_eq!((cloud.log_ins(), cloud.calls()), (2, 80));
}

#[tokio::test]
async fn a_service_that_refuses_every_token_ends_the_call_after_the_second() {
    let cloud = Cloud::with(|_, _| status(401)).await;
    let error = cloud.service.call(get("/v2.0/networks")).await.unwrap_err();
    assert_eq!((error.status(), cloud.log_ins(), cloud.calls()), (Some(401), 2, 2));
}

#[tokio::test]
async fn a_keystone_that_is_away_for_a_moment_is_asked_again_whatever_the_call() {
    for manner in [(|| status(503)) as fn() -> Manner, || Manner::Cut] {
        let keystone = move |seen: &Seen, n| if n == 0 { manner() } else { token(seen, n, 3600) };
        let cloud = Cloud::new(keystone, |_, _| answer(201, &json!({}))).await;
        cloud.service.call(call(Method::POST, "/v2.0/ports", Retry::IfNotSent)).await.unwrap();
        assert_eq!((cloud.log_ins(), cloud.calls()), (2, 1));
    }
}

#[tokio::test]
async fn what_is_no_keystone_is_told_as_such() {
    let page = || Manner::Answer(200, "", "<html>Welcome</html>".to_owned());
    for (manner, text) in [
        (page as fn() -> Manner, "the answer is not JSON"),
        (|| ok(&json!({"versions": []})), "the answer holds no token"),
        (|| Manner::Answer(404, "", "<html>".to_owned()), "HTTP 404"),
        (
            || Manner::Answer(302, "Location: http://192.0.2.1/\r\n", String::new()),
            "HTTP 302: a redirect, which is not",
        ),
    ] {
        let cloud = Cloud::new(move |_, _| manner(), |_, _| ok(&json!({}))).await;
        let text_of = cloud.service.endpoint().await.unwrap_err().to_string();
        assert!(text_of.contains(text), "{text_of}");
        assert!(text_of.ends_with("; is [neutron] auth_url the URL of Keystone?"), "{text_of}");
    }
    let nobody = Auth::Keystone(account("http://127.0.0.1:9".to_owned()));
    let error = Service::new(settings(nobody)).unwrap().endpoint().await.unwrap_err().to_string();
    assert!(error.starts_with("Keystone at http://127.0.0.1:9: POST /v3/auth/tokens: cannot connect: "), "{error}");
}

#[tokio::test]
async fn a_catalog_is_searched_by_type_then_interface_then_region() {
    let find = async |service_type: &str, interfaces: &[&str], region: Option<&str>| {
        let rude = Rude::start(|seen| token(seen, 0, 3600)).await;
        let mut wanted = settings(Auth::Keystone(account(rude.address.clone())));
        wanted.service_type = service_type.to_owned();
        wanted.interfaces = interfaces.iter().map(|&one| one.to_owned()).collect();
        wanted.region = region.map(str::to_owned);
        let found = Service::new(wanted).unwrap().endpoint().await.map_err(|error| error.to_string());
        found.map(|url| url.replace(&rude.address, "http://own"))
    };
    assert_eq!(find("network", &["internal", "public"], None).await.unwrap(), "http://own/networking");
    assert_eq!(find("network", &["admin", "public"], Some("R1")).await.unwrap(), "http://192.0.2.1:9696");
    for (service_type, interfaces, region, text) in [
        (
            "network",
            ["admin"],
            None,
            "of type network, interface admin, but only internal in region R1, public in region",
        ),
        ("network", ["public"], Some("R2"), "of type network, interface public in region R2, but only internal in"),
        ("image", ["public"], None, "of type image, interface public, but only of network; see [neutron] service_type"),
    ] {
        let error = find(service_type, &interfaces, region).await.unwrap_err();
        assert!(error.contains("the catalog has no endpoint ") && error.contains(text), "{error}");
    }
}
