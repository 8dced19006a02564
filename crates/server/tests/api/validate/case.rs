//! A service around one node that is fine, of which each row of a table changes something.

use std::{fs, path::Path, sync::Arc};

use assay::{
    api::{self, Auth},
    boot::loaders::MissingLoader,
    conductor::{Conductor, Parts},
    config::{self, Inputs},
    parts,
};
use assay_core::{id::NodeId, provision::ProvisionState};
use assay_drivers::boot::images::ImageCache;
use assay_store::{
    Store,
    nodes::{self, Guard},
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::service::{Answer, request, send};

/// A node that is fine, and the service around it; each row changes something.
pub(super) struct Case {
    pub(super) folder: TempDir,
    /// `OS_<GROUP>__<OPTION>` and value.
    pub(super) options: Vec<(&'static str, String)>,
    /// What `POST /v1/nodes` takes.
    pub(super) node: Value,
    pub(super) ports: Vec<Value>,
    pub(super) missing: Vec<MissingLoader>,
}

pub(super) type Change = fn(&mut Case);

/// A change, the interface that has something to say to it, its result, and what its reason has in
/// it; empty: no reason.
pub(super) type Row = (Change, &'static str, bool, &'static str);

pub(super) const UNMANAGED: Change = |case| case.set("OS_INSPECTOR__REQUIRE_MANAGED_BOOT", "False");

impl Case {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["state/images/kernel", "state/images/ramdisk", "elsewhere/kernel"] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "image").unwrap();
        }
        let node = json!({
            "driver": "redfish",
            "driver_info": {
                "redfish_address": "http://127.0.0.1:1",
                "deploy_kernel": href(folder.path(), "state/images/kernel"),
                "deploy_ramdisk": href(folder.path(), "state/images/ramdisk"),
            },
            "properties": {},
            "instance_info": {},
        });
        let ports = vec![json!({"address": "52:54:00:00:00:01"})];
        Self { folder, options: Vec::new(), node, ports, missing: Vec::new() }
    }

    pub(super) fn set(&mut self, option: &'static str, value: &str) {
        self.options.push((option, value.to_owned()));
    }

    pub(super) fn info(&mut self, key: &str, value: Value) {
        self.node["driver_info"][key] = value;
    }

    pub(super) fn no_info(&mut self, keys: &[&str]) {
        let info = self.node["driver_info"].as_object_mut().unwrap();
        info.retain(|key, _| !keys.contains(&key.as_str()));
    }

    pub(super) fn fake(&mut self, boot: &str) {
        self.node["driver"] = json!("fake-hardware");
        self.node["inspect_interface"] = json!("agent");
        self.node["boot_interface"] = json!(boot);
    }

    /// The service with this node in `manageable`.
    pub(super) async fn start(self) -> Started {
        let state = self.folder.path().join("state");
        let own = [
            ("OS_ASSAY__STATE_PATH", state.display().to_string()),
            ("OS_ASSAY__BOOT_ADDRESS", "127.0.0.1".to_owned()),
            ("OS_DEFAULT__HOST", "conductor-1".to_owned()),
        ];
        let variables = own.into_iter().chain(self.options).map(|(name, value)| (name.to_owned(), value)).collect();
        let config = config::load(&Inputs { variables, ..Inputs::default() }).unwrap().config;
        let store = Store::open(&config.database.connection, &config.assay.key_file).await.unwrap();
        let images = Arc::new(ImageCache::open(parts::images(&config)).unwrap());
        let registry = Arc::new(parts::registry(&config, &images, &self.missing).unwrap().0);
        let conductor = Conductor::new(Parts {
            store: store.clone(),
            registry: Arc::clone(&registry),
            image_path: Box::new(|_| None),
            config: (&config).into(),
        });
        let router = api::router(parts::api(&config, Auth::Noauth, &store, &conductor, registry));
        let mut started = Started { router, node: String::new(), _folder: self.folder };
        let created = started.ask("POST", "/v1/nodes", &self.node).await;
        started.node = created.body["uuid"].as_str().unwrap_or_else(|| panic!("{created:?}")).to_owned();
        for mut port in self.ports {
            port["node_uuid"] = json!(started.node);
            let created = started.ask("POST", "/v1/ports", &port).await;
            assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        }
        make_manageable(&store, started.node.parse().unwrap()).await;
        started
    }
}

pub(super) fn href(folder: &Path, file: &str) -> String {
    format!("file://{}", folder.join(file).display())
}

pub(super) async fn make_manageable(store: &Store, id: NodeId) {
    let made = store.write(move |tx| {
        Box::pin(async move {
            let mut row = nodes::get(tx, id).await?;
            row.node.provision_state = ProvisionState::Manageable;
            nodes::update(tx, &row.node, Guard::Unreserved { version: row.version }).await
        })
    });
    made.await.unwrap();
}

pub(super) struct Started {
    pub(super) router: axum::Router,
    pub(super) node: String,
    pub(super) _folder: TempDir,
}

impl Started {
    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(&self.router, request(method, path, "latest", body)).await
    }

    pub(super) async fn validate(&self) -> Value {
        self.ask("GET", &format!("/v1/nodes/{}/validate", self.node), &Value::Null).await.body
    }

    /// Asks for an inspection; the node must still be `manageable` after a refusal.
    pub(super) async fn refusal(&self) -> String {
        let path = format!("/v1/nodes/{}", self.node);
        let answer = self.ask("PUT", &format!("{path}/states/provision"), &json!({"target": "inspect"})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(self.ask("GET", &path, &Value::Null).await.body["provision_state"], "manageable");
        answer.refusal()
    }
}

/// Each row must be answered with its result and reason; what refuses an inspection must be said by
/// the verb as well.
pub(super) async fn each(rows: &[Row]) {
    each_of(Case::new, rows).await;
}

/// The same for nodes that begin like this.
pub(super) async fn each_of(begin: impl Fn() -> Case, rows: &[Row]) {
    for (at, (change, interface, result, reason)) in rows.iter().enumerate() {
        let mut case = begin();
        change(&mut case);
        let started = case.start().await;
        let answer = &started.validate().await[interface];
        let told = answer["reason"].as_str().unwrap_or_default();
        let expected = reason.replace("NODE", &started.node);
        assert_eq!(answer["result"], *result, "row {at}: {answer}");
        assert!(told.contains(&expected) && told.is_empty() == expected.is_empty(), "row {at}: {told:?}");
        if !result && ["inspect", "power"].contains(interface) {
            assert_eq!(started.refusal().await, told, "row {at}");
        }
    }
}
