//! A database in a folder of its own, and the objects that the tests put in.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use assay_core::{
    id::{NodeId, PortId, PortgroupId, RunId},
    node::{JsonMap, Node, Timestamp},
    port::Port,
    portgroup::Portgroup,
    provision::ProvisionState,
    secret::Secret,
};
use assay_store::{Store, StoreError, nodes, runs::RunRow};
use tempfile::TempDir;
use uuid::Uuid;

pub const PASSWORD: &str = "correct-horse-battery-staple";
pub const LEASE: Duration = Duration::from_secs(60);

pub struct Place {
    pub dir: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn database(&self) -> PathBuf {
        Self::database_in(self.dir.path())
    }

    pub fn key(&self) -> PathBuf {
        Self::key_in(self.dir.path())
    }

    pub fn database_in(dir: &Path) -> PathBuf {
        dir.join("assay.sqlite")
    }

    pub fn key_in(dir: &Path) -> PathBuf {
        dir.join("key")
    }

    pub async fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.database(), &self.key()).await
    }
}

/// An open store; the folder goes when the first of the pair is dropped.
pub async fn store() -> (Place, Store) {
    let place = Place::new();
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
    }
}

pub async fn insert_node(store: &Store, node: Node) {
    store.write(|tx| Box::pin(async move { nodes::insert(tx, &node).await })).await.unwrap();
}
