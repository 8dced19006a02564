//! The service under test, and one way to ask it.

use std::{sync::Arc, time::Duration};

use assay::api::{Api, Auth, Callbacks, Settings, router};
use assay_core::limits::Limits;
use assay_drivers::{Implementations, Registry, fake::FakeConfig, registry::RegistrySettings};
use assay_store::{Store, conductors};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::conductor::EasyConductor;

pub struct Service {
    pub router: Router,
    pub store: Store,
    pub conductor: Arc<EasyConductor>,
    _folder: TempDir,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn refusal(&self) -> String {
        assay_wire::fault::text(&self.body).unwrap_or_else(|| panic!("no error body: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn settings() -> Settings {
    Settings {
        host: "ironic39".to_owned(),
        public_endpoint: None,
        max_limit: 1000,
        limits: Limits::API,
        provision_limits: Limits::API,
        ramdisk_endpoints: true,
        lock_attempts: 3,
        lock_pause: Duration::from_millis(50),
        delete_available: true,
        default_resource_class: None,
        default_conductor_group: String::new(),
        default_portgroup_mode: "active-backup".to_owned(),
        heartbeat_timeout: Duration::from_secs(60),
    }
}

impl Service {
    pub async fn start() -> Self {
        Self::with(settings(), Auth::Noauth).await
    }

    pub async fn with(settings: Settings, auth: Auth) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("assay.db").into(), &folder.path().join("key")).await.unwrap();
        let registered = conductors::Registration {
            hostname: settings.host.clone(),
            conductor_group: String::new(),
            drivers: vec!["fake-hardware".to_owned()],
            process: "this".to_owned(),
        };
        store
            .write(move |tx| Box::pin(async move { conductors::register(tx, &registered, None).await }))
            .await
            .unwrap();
        let implementations = Implementations::in_memory(FakeConfig::default());
        let (registry, _) = Registry::assemble(&RegistrySettings::default(), implementations).unwrap();
        let conductor = Arc::new(EasyConductor::of(store.clone()));
        let callbacks = Callbacks {
            conductor: conductor.clone(),
            key: store.key().clone(),
            limits: Limits { bytes: 64 << 10, ..Limits::RAMDISK },
            plain: true,
            room: Arc::new(Semaphore::new(1024)),
        };
        let api = Api {
            store: store.clone(),
            conductor: conductor.clone(),
            registry: Arc::new(registry),
            auth: Arc::new(auth),
            settings: Arc::new(settings),
            callbacks,
        };
        Self { router: router(api), store, conductor, _folder: folder }
    }

    /// Asks in the version `1.<minor>`; without a version header for 0.
    pub async fn ask(&self, minor: u16, method: &str, path: &str, body: &Value) -> Answer {
        let version = if minor == 0 { String::new() } else { format!("1.{minor}") };
        self.send(request(method, path, &version, body)).await
    }

    /// Asks in the newest version.
    pub async fn latest(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(request(method, path, "latest", body)).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request as a client sends it; without a version header if `version` is empty.
pub fn request(method: &str, path: &str, version: &str, body: &Value) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("host", "127.0.0.1:16385");
    if !version.is_empty() {
        request = request.header("X-OpenStack-Ironic-API-Version", version);
    }
    let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
    request.body(Body::from(bytes)).unwrap()
}
