//! Nodes, ports and bodies for this crate's tests.

use uuid::Uuid;

use crate::{
    id::{NodeId, PortId},
    inventory::Body,
    limits::Limits,
    node::{JsonMap, Node, Timestamp},
    port::Port,
    provision::ProvisionState,
};

pub fn time(second: i64) -> Timestamp {
    Timestamp::from_timestamp(second, 0).unwrap()
}

/// A body that the stock ramdisk posted, or one made like it.
pub fn body(name: &str) -> Body {
    Body::parse(&bytes(name), &Limits::RAMDISK).unwrap()
}

pub fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn node() -> Node {
    Node {
        id: NodeId(Uuid::from_u128(1)),
        name: None,
        driver: "redfish".to_owned(),
        driver_info: JsonMap::new(),
        secrets: Default::default(),
        driver_internal_info: JsonMap::new(),
        properties: JsonMap::new(),
        extra: JsonMap::new(),
        instance_uuid: None,
        instance_info: JsonMap::new(),
        chassis_uuid: None,
        power_state: None,
        target_power_state: None,
        provision_state: ProvisionState::Inspecting,
        target_provision_state: None,
        provision_updated_at: None,
        last_error: None,
        maintenance: false,
        maintenance_reason: None,
        fault: None,
        reservation: None,
        inspection_started_at: None,
        inspection_finished_at: None,
        interfaces: Default::default(),
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
        traits: Default::default(),
        created_at: time(0),
        updated_at: None,
    }
}

pub fn port(id: u128, address: &str) -> Port {
    Port {
        id: PortId(Uuid::from_u128(id)),
        node_id: node().id,
        address: address.parse().unwrap(),
        name: None,
        portgroup_id: None,
        extra: JsonMap::new(),
        internal_info: JsonMap::new(),
        pxe_enabled: true,
        local_link_connection: JsonMap::new(),
        physical_network: None,
        is_smartnic: false,
        created_at: time(0),
        updated_at: None,
    }
}
