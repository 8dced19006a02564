//! A node to try interfaces on.

use std::collections::BTreeMap;

use assay_core::{id::PortId, node::Node, port::Port};
use serde_json::json;
use uuid::Uuid;

use crate::interface::Task;

/// A task on a node with one port.
pub fn task(driver: &str) -> Task {
    let id = Uuid::from_u128(7);
    let node: Node = serde_json::from_value(json!({
        "id": id, "driver": driver, "driver_info": {}, "driver_internal_info": {}, "properties": {}, "extra": {},
        "instance_info": {}, "provision_state": "manageable", "maintenance": false,
        "interfaces": BTreeMap::<String, String>::new(), "conductor_group": "", "protected": false, "retired": false,
        "disable_power_off": false, "network_data": {}, "traits": [], "created_at": "2026-11-23T00:00:00Z",
    }))
    .unwrap();
    let address = "52:54:00:00:00:01".parse().unwrap();
    let port = Port::blank(PortId(Uuid::from_u128(8)), node.id, address, node.created_at);
    Task { ports: vec![port], ..Task::on(node) }
}
