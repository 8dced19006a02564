//! A database in a folder of its own, and the objects that the tests put in.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use assay_core::{
    id::{NodeId, PortId, PortgroupId, RunId},
    node::{JsonMap, Node, Timestamp},
    port::Port,
    portgroup::Portgroup,
    provision::ProvisionState,
    secret::Secret,
};
use assay_store::{Database, Store, StoreError, nodes, runs::RunRow};
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use uuid::Uuid;

pub const PASSWORD: &str = "correct-horse-battery-staple";
pub const LEASE: Duration = Duration::from_secs(60);

/// The server that the tests use instead of SQLite files: its URL without a database's name. `cargo xtask test databases`
/// starts one of each kind, and names it.
pub const SERVER: &str = "ASSAY_TEST_DATABASE";

/// A database of its own, and a folder with its key.
pub struct Place {
    pub dir: TempDir,
    pub database: Database,
    /// For a connection that is not Assay's.
    url: String,
}

impl Place {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let Ok(server) = std::env::var(SERVER) else {
            let file = dir.path().join("assay.sqlite");
            let url = format!("sqlite://{}?mode=rwc", file.display());
            return Self { dir, database: Database::File(file), url };
        };
        let name = format!("assay_{}", Uuid::new_v4().simple());
        let own = if server.starts_with("postgres") { "postgres" } else { "mysql" };
        let at = sea_orm::Database::connect(format!("{server}/{own}")).await.unwrap();
        at.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        at.close().await.unwrap();
        let url = format!("{server}/{name}");
        Self { dir, database: Database::parse(&url).unwrap(), url }
    }

    /// The database as `[database] connection` names it.
    pub fn connection(&self) -> String {
        match &self.database {
            Database::File(path) => format!("sqlite:///{}", path.display()),
            Database::Server(_) => self.url.clone(),
        }
    }

    pub fn key(&self) -> PathBuf {
        self.dir.path().join("key")
    }

    pub async fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.database, &self.key()).await
    }

    /// Runs statements as somebody else would.
    pub async fn execute(&self, sql: &str) {
        let db = sea_orm::Database::connect(&self.url).await.unwrap();
        db.execute_unprepared(sql).await.unwrap();
        db.close().await.unwrap();
    }
}

/// An open store; the folder goes when the first of the pair is dropped.
pub async fn store() -> (Place, Store) {
    let place = Place::new().await;
    let store = place.open().await.unwrap();
    (place, store)
}

pub fn time(second: i64) -> Timestamp {
    Timestamp::from_timestamp(second, 123_456_000).unwrap()
}

pub fn node_id(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(number))
}

/// A node with a password; its name is `node-<number>`.
pub fn node(number: u128) -> Node {
    Node {
        id: node_id(number),
        name: Some(format!("node-{number}")),
        driver: "redfish".to_owned(),
        driver_info: JsonMap::from_iter([("redfish_username".to_owned(), "admin".into())]),
        secrets: BTreeMap::from([("redfish_password".to_owned(), Secret::new(PASSWORD.to_owned()))]),
        driver_internal_info: JsonMap::new(),
        properties: JsonMap::from_iter([("cpu_arch".to_owned(), "x86_64".into())]),
        extra: JsonMap::new(),
        instance_uuid: None,
        instance_info: JsonMap::new(),
        chassis_uuid: None,
        power_state: None,
        target_power_state: None,
        provision_state: ProvisionState::Manageable,
        target_provision_state: None,
        provision_updated_at: Some(time(7)),
        last_error: None,
        maintenance: false,
        maintenance_reason: None,
        fault: None,
        reservation: None,
        inspection_started_at: None,
        inspection_finished_at: None,
        interfaces: BTreeMap::new(),
        resource_class: None,
        conductor_group: String::new(),
        owner: None,
        lessee: None,
        description: None,
        protected: false,
        protected_reason: None,
        retired: false,
        retired_reason: None,
        automated_clean: None,
        disable_power_off: false,
        network_data: JsonMap::new(),
        boot_mode: None,
        secure_boot: None,
        shard: None,
        parent_node: None,
        traits: ["CUSTOM_GPU".to_owned()].into(),
        created_at: time(1),
        updated_at: None,
    }
}

pub fn port(number: u128, node: NodeId, address: &str) -> Port {
    Port::blank(PortId(Uuid::from_u128(number)), node, address.parse().unwrap(), time(2))
}

pub fn portgroup(number: u128, node: NodeId) -> Portgroup {
    Portgroup::blank(PortgroupId(Uuid::from_u128(number)), node, "802.3ad".to_owned(), time(2))
}

pub fn run(number: u128, node: NodeId) -> RunRow {
    RunRow {
        id: RunId(Uuid::from_u128(number)),
        node_id: node,
        kind: "inspect".to_owned(),
        phase: "start".to_owned(),
        open: true,
        exclusive: true,
        wake_at: None,
        created_at: time(3),
        ended_at: None,
        version: 1,
        doc: "{}".to_owned(),
        asked: None,
    }
}

pub async fn insert_node(store: &Store, node: Node) {
    store.write(|tx| Box::pin(async move { nodes::insert(tx, &node).await })).await.unwrap();
}
