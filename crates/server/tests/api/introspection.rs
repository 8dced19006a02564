//! The introspection API with the real conductor and a fake machine: the recorded walk through
//! ironic-inspector 12.5.0, answered alike.

use std::{sync::Arc, time::Duration};

use assay::{
    api::Auth,
    conductor::{Conductor, Parts},
    config::{self, Inputs},
    introspection, parts,
};
use assay_core::{mac::MacAddress, node::Node, port::Port, provision::ProvisionState};
use assay_drivers::boot::images::ImageCache;
use assay_store::{Store, nodes, ports};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use chrono::Utc;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::service::{Answer, send};

const NODE: &str = "11111111-2222-4333-8444-000000000001";
const STATUS: &str = "/v1/introspection/11111111-2222-4333-8444-000000000001";

struct Inspector {
    router: Router,
    store: Store,
    _folder: TempDir,
}

impl Inspector {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = [
            ("OS_ASSAY__STATE_PATH", folder.path().display().to_string()),
            ("OS_ASSAY__BOOT_ADDRESS", "127.0.0.1".to_owned()),
        ];
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let config = config::load(&Inputs { variables, ..Inputs::default() }).unwrap().config;
        let store = Store::open(&config.database.connection, &config.assay.key_file).await.unwrap();
        let images = Arc::new(ImageCache::open(parts::images(&config)).unwrap());
        let registry = Arc::new(parts::registry(&config, &images, &[]).unwrap().0);
        let conductor = Conductor::new(Parts {
            store: store.clone(),
            registry: Arc::clone(&registry),
            image_path: Box::new(|_| None),
            config: (&config).into(),
        });
        conductor.start().await.unwrap();
        enrol(&store, &registry).await;
        let api = parts::api(&config, Auth::Noauth, &store, &conductor, registry);
        Self { router: introspection::router(parts::introspection(&config, &api)), store, _folder: folder }
    }

    async fn ask(&self, method: &str, path: &str, version: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:15050");
        if let Some(version) = version {
            request = request.header("X-OpenStack-Ironic-Inspector-API-Version", version);
        }
        send(&self.router, request.body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, Vec::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.ask("POST", path, None, bytes).await
    }

    async fn reached(&self, state: &str) {
        for _ in 0..600 {
            if self.get(STATUS).await.body["state"] == state && self.node().await.reservation.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not {state}: {:?}", self.get(STATUS).await);
    }

    async fn node(&self) -> Node {
        nodes::get(&self.store.read(), NODE.parse().unwrap()).await.unwrap().node
    }
}

/// A node of fake hardware in `manageable`, with one port.
async fn enrol(store: &Store, registry: &assay_drivers::Registry) {
    let mut node = Node::blank(NODE.parse().unwrap(), ProvisionState::Manageable, Utc::now());
    node.name = Some("gold1".to_owned());
    node.driver = "fake-hardware".to_owned();
    node.driver_info.insert("ipmi_address".to_owned(), json!("198.18.77.1"));
    node.interfaces = registry.complete("fake-hardware", &Default::default()).unwrap();
    let mac: MacAddress = "52:54:77:00:00:01".parse().unwrap();
    let port = Port::blank(Uuid::from_u128(5).into(), node.id, mac, Utc::now());
    let written = store.write(move |tx| {
        Box::pin(async move {
            nodes::insert(tx, &node).await?;
            ports::insert(tx, &port).await
        })
    });
    written.await.unwrap();
}

fn samples() -> Vec<Value> {
    let lines = include_str!("../../../wire/tests/data/inspector-12.5.0.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sample(number: &str) -> Value {
    samples().into_iter().find(|sample| sample["sample"].as_str().unwrap().starts_with(number)).unwrap()
}

/// Without the times.
fn timeless(mut body: Value) -> Value {
    match &mut body {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let time = key.ends_with("_at") && value.is_string();
                *value = if time { json!("some time") } else { timeless(value.take()) };
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| *value = timeless(value.take())),
        _ => {}
    }
    body
}

/// Asks what was asked then; the answer must be the recorded one.
async fn alike(inspector: &Inspector, number: &str) {
    let recorded = sample(number);
    let body = match &recorded["request_body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        body => body.to_string().into_bytes(),
    };
    let (method, path) = (recorded["method"].as_str().unwrap(), recorded["path"].as_str().unwrap());
    let answer = inspector.ask(method, path, recorded["version"].as_str(), body).await;
    assert_eq!(u64::from(answer.status.as_u16()), recorded["status"], "{number}: {answer:?}");
    assert_eq!(timeless(answer.body.clone()), timeless(recorded["response_body"].clone()), "{number}");
    assert_eq!(answer.header("x-openstack-ironic-inspector-api-minimum-version"), "1.0");
    assert_eq!(answer.header("x-openstack-ironic-inspector-api-maximum-version"), "1.18");
}

#[tokio::test]
async fn the_recorded_walk_through_ironic_inspector_is_answered_alike() {
    let inspector = Inspector::start().await;
    for number in ["118", "119", "120", "121", "122", "131", "132", "133", "134"] {
        alike(&inspector, number).await;
    }
    inspector.reached("waiting").await;
    for number in ["135", "136", "137"] {
        alike(&inspector, number).await;
    }
    inspector.reached("waiting").await;
    for number in ["138", "139", "141", "142"] {
        alike(&inspector, number).await;
    }
    inspector.reached("finished").await;
    for number in ["144", "145", "146", "149", "153"] {
        alike(&inspector, number).await;
    }
    inspector.reached("waiting").await;
    alike(&inspector, "154").await;
    inspector.reached("error").await;
    for number in ["155", "156"] {
        alike(&inspector, number).await;
    }
    let node = inspector.node().await;
    assert_eq!((node.provision_state, node.last_error), (ProvisionState::Manageable, None));
}

#[tokio::test]
async fn the_installation_is_known_by_its_root_and_unknown_paths_are_told_so() {
    let inspector = Inspector::start().await;
    assert_eq!(inspector.get("/").await.header("assay-instance"), inspector.store.instance());
    for (path, status) in [("/v1/", 200), ("/v2", 404), ("/v1/rules", 404), ("/v1/introspection/", 200)] {
        assert_eq!(inspector.get(path).await.status, status, "{path}");
    }
    assert_eq!(inspector.ask("DELETE", STATUS, None, Vec::new()).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(inspector.ask("GET", STATUS, Some("x"), Vec::new()).await.status, 400);
    let malformed = inspector.ask("POST", "/v1/continue", None, b"{bad".to_vec()).await;
    assert_eq!(malformed.status, 400);
    assert!(malformed.body["error"]["message"].as_str().unwrap().contains("not JSON"), "{malformed:?}");
}

#[tokio::test]
async fn what_was_posted_is_found_again_raw_and_processed() {
    let inspector = Inspector::start().await;
    assert_eq!(inspector.post(STATUS, &Value::Null).await.status, 202);
    inspector.reached("waiting").await;
    let body = sample("142")["request_body"].clone();
    assert_eq!(inspector.post("/v1/continue", &body).await.status, 200);
    let processed = inspector.get(&format!("{STATUS}/data")).await.body;
    assert_eq!(processed["inventory"], body["inventory"]);
    assert!(processed["all_interfaces"].is_object(), "{processed}");
    assert_eq!(inspector.get(&format!("{STATUS}/data/unprocessed")).await.body, body);
    assert_eq!(inspector.node().await.properties["cpu_arch"], "x86_64");
}

#[tokio::test]
async fn a_ramdisk_whose_data_are_of_no_use_is_told_why() {
    let inspector = Inspector::start().await;
    inspector.post(STATUS, &Value::Null).await;
    inspector.reached("waiting").await;
    let refused = inspector.post("/v1/continue", &sample("158")["request_body"]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("ramdisk said no"), "{refused:?}");
    inspector.reached("error").await;
    let status = inspector.get(STATUS).await.body;
    assert!(status["error"].as_str().unwrap().contains("ramdisk said no"), "{status}");
}

#[tokio::test]
async fn a_node_in_use_is_not_introspected() {
    let inspector = Inspector::start().await;
    let id = NODE.parse().unwrap();
    let changed = inspector.store.write(move |tx| {
        Box::pin(async move {
            let mut row = nodes::get(tx, id).await?;
            row.node.provision_state = ProvisionState::Active;
            nodes::update(tx, &row.node, nodes::Guard::Unreserved { version: row.version }).await
        })
    });
    changed.await.unwrap();
    let refused = inspector.post(STATUS, &Value::Null).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["error"]["message"], "Invalid provision state for introspection: \"active\"");
}
