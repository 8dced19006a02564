//! Nodes, ports and bodies for this crate's tests.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    id::{NodeId, PortId},
    inventory::Body,
    limits::Limits,
    node::{Node, Timestamp},
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

/// A TLV as the ramdisk posts it.
pub fn tlv(kind: u8, value: &[u8]) -> Value {
    json!([kind, value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()])
}

/// A chassis or port id, which is a text of a subtype.
pub fn id_tlv(kind: u8, subtype: u8, text: &str) -> Value {
    tlv(kind, &[&[subtype], text.as_bytes()].concat())
}

pub fn node() -> Node {
    let driver = "redfish".to_owned();
    Node { driver, ..Node::blank(NodeId(Uuid::from_u128(1)), ProvisionState::Inspecting, time(0)) }
}

pub fn port(id: u128, address: &str) -> Port {
    Port::blank(PortId(Uuid::from_u128(id)), node().id, address.parse().unwrap(), time(0))
}
