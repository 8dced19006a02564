//! An external introspection service on a real socket, which calls back into the bare metal API
//! while the run waits, as ironic-inspector does.

use std::sync::{Arc, Mutex};

use assay_core::power::PowerState;
use assay_sim::{
    Request, Stage, State as MachineState,
    harness::{PATIENCE, Rest, Site},
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{last_error, silent, site};

/// What the service knows and does.
#[derive(Default)]
struct Desk {
    /// Method and path of each request, as it came.
    asked: Vec<String>,
    /// The status of the node, once it was started.
    status: Option<Value>,
    /// Whether data are kept.
    keeps_data: bool,
    /// The bare metal API, to which the service calls back when it manages the boot.
    api: Option<Rest>,
    /// The token that it was started with.
    token: Option<String>,
    /// What the bare metal API answered.
    answers: Vec<(String, StatusCode)>,
}

type Shared = Arc<Mutex<Desk>>;

/// The service's URL, and its desk.
async fn inspector() -> (String, Shared) {
    let desk = Shared::default();
    let router = Router::new()
        .route("/", get(|| async { Json(json!({"versions": []})) }))
        .route("/v1/introspection/{node}", get(status).post(start))
        .route("/v1/introspection/{node}/abort", post(abort))
        .route("/v1/introspection/{node}/data", get(data))
        .with_state(Arc::clone(&desk));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, desk)
}

/// A Keystone whose catalog has a service of this type at that URL; its own URL.
async fn keystone(service_type: &'static str, url: String) -> String {
    let issue = async move || {
        let endpoint = json!({"interface": "internal", "region_id": "R1", "url": url});
        let token = json!({
            "issued_at": "2026-11-23T05:00:00.000000Z",
            "expires_at": "2026-11-23T06:00:00.000000Z",
            "catalog": [{"type": service_type, "endpoints": [endpoint]}],
        });
        (StatusCode::CREATED, [("X-Subject-Token", "a-token")], Json(json!({"token": token})))
    };
    let router = Router::new().route("/v3/auth/tokens", post(issue));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn status(State(desk): State<Shared>) -> (StatusCode, Json<Value>) {
    match &desk.lock().unwrap().status {
        Some(status) => (StatusCode::OK, Json(status.clone())),
        None => (StatusCode::NOT_FOUND, Json(json!({"error": {"message": "Could not find node in cache"}}))),
    }
}

#[derive(serde::Deserialize)]
struct Boot {
    manage_boot: String,
}

async fn start(
    State(desk): State<Shared>,
    Path(node): Path<String>,
    Query(boot): Query<Boot>,
    headers: HeaderMap,
) -> StatusCode {
    let api = {
        let mut desk = desk.lock().unwrap();
        desk.token = headers.get("X-Auth-Token").and_then(|token| token.to_str().ok()).map(str::to_owned);
        desk.asked.push(format!("start manage_boot={}", boot.manage_boot));
        desk.status = Some(json!({"finished": false, "error": null, "state": "waiting", "started_at": "now"}));
        desk.api.clone()
    };
    if boot.manage_boot == "True" {
        let api = api.unwrap();
        tokio::spawn(async move {
            for (method, path, body) in [
                (Method::GET, "", json!(null)),
                (Method::GET, "/validate", json!(null)),
                (Method::GET, "/ports", json!(null)),
                (Method::PUT, "/management/boot_device", json!({"boot_device": "pxe", "persistent": false})),
                (Method::PUT, "/states/power", json!({"target": "rebooting"})),
                (Method::PATCH, "", json!([{"op": "add", "path": "/extra/by_inspector", "value": true}])),
            ] {
                let body = (!body.is_null()).then_some(body);
                let answer = api.ask(method.clone(), &format!("/v1/nodes/{node}{path}"), body.as_ref()).await.unwrap();
                desk.lock().unwrap().answers.push((format!("{method} {path}"), answer.status));
            }
        });
    }
    StatusCode::ACCEPTED
}

async fn abort(State(desk): State<Shared>) -> StatusCode {
    desk.lock().unwrap().asked.push("abort".to_owned());
    StatusCode::ACCEPTED
}

async fn data(State(desk): State<Shared>) -> (StatusCode, Json<Value>) {
    let mut desk = desk.lock().unwrap();
    desk.asked.push("data".to_owned());
    if desk.keeps_data {
        return (StatusCode::OK, Json(json!({"inventory": {"cpu": {"count": 7}}, "all_interfaces": {}})));
    }
    (StatusCode::NOT_FOUND, Json(json!({"error": {"message": "Introspection data not found"}})))
}

fn says(desk: &Shared, error: &Value) {
    desk.lock().unwrap().status = Some(json!({"finished": true, "error": error, "state": "finished"}));
}

/// A site whose introspection service is in the catalog of that Keystone, and a node.
async fn site_with_catalog(keystone: &str, more: &[(&'static str, &str)]) -> (Site, String) {
    let login = [
        ("OS_INSPECTOR__AUTH_TYPE", "password"),
        ("OS_INSPECTOR__AUTH_URL", keystone),
        ("OS_INSPECTOR__USERNAME", "ironic"),
        ("OS_INSPECTOR__PASSWORD", "ntsecret"),
        ("OS_INSPECTOR__DEFAULT_DOMAIN_NAME", "Default"),
        ("OS_INSPECTOR__PROJECT_NAME", "service"),
    ];
    with_node(&[&login, more].concat()).await
}

async fn site_with(url: &str, more: &[(&'static str, &str)]) -> (Site, String) {
    let options = [
        ("OS_INSPECTOR__ENDPOINT_OVERRIDE", url),
        ("OS_INSPECTOR__CALLBACK_ENDPOINT_OVERRIDE", "http://192.0.2.9:5050"),
        ("OS_INSPECTOR__STATUS_CHECK_PERIOD", "1"),
    ];
    with_node(&[&options, more].concat()).await
}

/// A site with these options, and a node that is inspected by an introspection service.
async fn with_node(options: &[(&'static str, &str)]) -> (Site, String) {
    let site = site(silent(), options).await;
    let mut node = site.node(0);
    node["inspect_interface"] = json!("inspector");
    let node = site.enrol_as(node).await.unwrap();
    (site, node)
}

#[tokio::test]
async fn a_managed_inspection_by_an_external_service_boots_here_and_stores_what_it_found() {
    let (url, desk) = inspector().await;
    desk.lock().unwrap().keeps_data = true;
    let (site, node) = site_with(&url, &[]).await;
    let validated = site.rest.get(&format!("/v1/nodes/{node}/validate")).await.unwrap();
    let reason = validated["inspect"]["reason"].as_str().unwrap();
    assert!(reason.contains("http://192.0.2.9:5050/v1/continue, with no secret"), "{reason}");
    site.inspect(&node, "inspect wait").await.unwrap();
    let machine = site.world.machine(0);
    let booted = |state: &MachineState| state.boots.last().is_some_and(|boot| boot.callback.is_some());
    let state = machine.wait_for("boot", PATIENCE, booted).await.unwrap();
    assert_eq!(state.boots[0].callback.as_deref(), Some("http://192.0.2.9:5050/v1/continue"));
    assert!(state.boots[0].reached.contains(&Stage::Ramdisk));
    says(&desk, &json!(null));
    let seen = site.wait_for(&node, "manageable").await.unwrap();
    assert_eq!(seen["last_error"], json!(null));
    assert_eq!(desk.lock().unwrap().asked, ["start manage_boot=False", "data"]);
    let inventory = site.rest.get(&format!("/v1/nodes/{node}/inventory")).await.unwrap();
    assert_eq!(inventory, json!({"inventory": {"cpu": {"count": 7}}, "plugin_data": {"all_interfaces": {}}}));
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn the_catalog_leads_to_the_service_and_the_token_is_sent_to_it() {
    let (url, desk) = inspector().await;
    let keystone = keystone("baremetal-introspection", format!("{url}/v1")).await;
    let callback = [("OS_INSPECTOR__CALLBACK_ENDPOINT_OVERRIDE", "http://192.0.2.9:5050")];
    let (site, node) = site_with_catalog(&keystone, &callback).await;
    site.inspect(&node, "inspect wait").await.unwrap();
    let asked = desk.lock().unwrap().asked.clone();
    assert_eq!(asked, ["start manage_boot=False"]);
    assert_eq!(desk.lock().unwrap().token.as_deref(), Some("a-token"));
}

#[tokio::test]
async fn a_catalog_without_the_service_fails_the_inspection_and_validate_says_so() {
    let keystone = keystone("network", "http://192.0.2.1:9696".to_owned()).await;
    let (site, node) = site_with_catalog(&keystone, &[]).await;
    let validated = site.rest.get(&format!("/v1/nodes/{node}/validate")).await.unwrap();
    let text = format!(
        "Keystone at {keystone}: POST /v3/auth/tokens: the catalog has no endpoint of type baremetal-introspection, \
         interface internal or public, but only of network"
    );
    let reason = validated["inspect"]["reason"].as_str().unwrap();
    assert!(reason.starts_with(&format!("the inspection would fail: {text}")), "{reason}");
    let node = site.inspect(&node, "inspect failed").await.unwrap();
    assert!(last_error(&node).contains(&text), "{}", last_error(&node));
}

#[tokio::test]
async fn a_service_that_boots_the_node_itself_meets_no_lock() {
    let (url, desk) = inspector().await;
    let (site, node) = site_with(&url, &[("OS_INSPECTOR__PRE_CREATE_PORTS", "False")]).await;
    desk.lock().unwrap().api = Some(site.rest.clone());
    site.rest.provision(&node, "inspect").await.unwrap();
    let began = std::time::Instant::now();
    while desk.lock().unwrap().answers.len() < 6 {
        assert!(began.elapsed() < PATIENCE, "{:?} {}", desk.lock().unwrap().answers, site.log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let answers = desk.lock().unwrap().answers.clone();
    assert!(answers.iter().all(|(_, status)| status.is_success()), "{answers:?}");
    assert_eq!(site.rest.node(&node).await.unwrap()["provision_state"], "inspect wait");
    assert_eq!(site.boot_script(0).await.unwrap(), 404, "somebody else boots it");
    says(&desk, &json!(null));
    let seen = site.wait_for(&node, "manageable").await.unwrap();
    assert_eq!(seen["extra"]["by_inspector"], json!(true));
    assert_eq!(desk.lock().unwrap().asked, ["start manage_boot=True", "data"]);
    let state = site.world.machine(0).state();
    assert_eq!((state.power, state.writes.contains(&Request::PowerOff)), (PowerState::On, false), "its own power");
    let history = site.rest.get(&format!("/v1/nodes/{node}/history?detail=true")).await.unwrap();
    assert!(history.to_string().contains("unmanaged: "), "{history}");
}

#[tokio::test]
async fn what_an_external_service_says_went_wrong_is_the_nodes_last_error() {
    let (url, desk) = inspector().await;
    let (site, node) = site_with(&url, &[]).await;
    site.inspect(&node, "inspect wait").await.unwrap();
    says(&desk, &json!("no disk found"));
    let seen = site.wait_for(&node, "inspect failed").await.unwrap();
    assert_eq!(last_error(&seen), "ironic-inspector inspection failed: no disk found");
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn an_abort_reaches_the_external_service_and_everything_is_put_back() {
    let (url, desk) = inspector().await;
    let (site, node) = site_with(&url, &[]).await;
    site.inspect(&node, "inspect wait").await.unwrap();
    site.rest.provision(&node, "abort").await.unwrap();
    let seen = site.wait_for(&node, "inspect failed").await.unwrap();
    assert!(last_error(&seen).contains("aborted"), "{}", last_error(&seen));
    assert_eq!(desk.lock().unwrap().asked, ["start manage_boot=False", "abort"]);
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn a_service_that_is_down_fails_the_inspection_and_leaves_nothing() {
    let (site, node) = site_with("http://127.0.0.1:9", &[]).await;
    let seen = site.inspect(&node, "inspect failed").await.unwrap();
    let text = last_error(&seen);
    assert!(text.starts_with("unable to start inspection: the introspection service at http://127.0.0.1:9"), "{text}");
    assert!(text.contains("cannot connect"), "{text}");
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn a_run_that_waits_for_an_external_service_is_asked_about_again_after_a_restart() {
    let (url, desk) = inspector().await;
    let (mut site, node) = site_with(&url, &[]).await;
    site.inspect(&node, "inspect wait").await.unwrap();
    site.restart(&[]).await.unwrap();
    says(&desk, &json!(null));
    site.wait_for(&node, "manageable").await.unwrap();
    assert_eq!(desk.lock().unwrap().asked, ["start manage_boot=False", "data"], "it is not started twice");
    site.assert_nothing_left(0).await.unwrap();
}

#[tokio::test]
async fn the_built_in_service_is_the_same_run_and_its_end_is_signalled() {
    let site = site(assay_sim::Ramdisk::default(), &[]).await;
    let mut node = site.node(0);
    node["inspect_interface"] = json!("inspector");
    let node = site.enrol_as(node).await.unwrap();
    site.inspect(&node, "manageable").await.unwrap();
    let machine = site.world.machine(0).state();
    let callback = machine.boots[0].callback.clone().unwrap();
    assert!(callback.starts_with(&format!("{}/v1/continue/", site.installation.boot_url())), "{callback}");
    let inspector = Rest::at(&format!("http://127.0.0.1:{}", site.installation.ports.introspection)).unwrap();
    assert_eq!(inspector.get(&format!("/v1/introspection/{node}")).await.unwrap()["state"], "finished");
    site.assert_nothing_left(0).await.unwrap();
}
