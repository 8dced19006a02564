//! `parse-lldp`: what the switches told, readable, in `plugin_data.parsed_lldp` by the names of the interfaces.

use serde_json::{Value, json};

use super::{
    Change, Context, Findings, Hook,
    heard::{Heard, heard, told},
};
use crate::{
    lldp::{self, Information},
    node::JsonMap,
};

pub(super) const HOOK: Hook = Hook { name: "parse-lldp", requires: &[], preprocess: None, main: Some(main) };

fn main(context: &Context<'_>, _: &Findings) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    let mut parsed = JsonMap::new();
    for Heard { name, tlvs, .. } in heard(context.body) {
        let mut fields = JsonMap::new();
        let mut faults = Vec::new();
        for tlv in lldp::read(tlvs) {
            match tlv {
                Ok(information) => add(&mut fields, information),
                Err(fault) => faults.push(fault),
            }
        }
        if !fields.is_empty() {
            parsed.insert(name.to_owned(), Value::Object(fields));
        }
        changes.extend(told(&faults).map(|faults| Change::Warn(format!("LLDP of {name}: {faults}"))));
    }
    if !parsed.is_empty() {
        changes.push(Change::SetPluginData { key: "parsed_lldp", value: Value::Object(parsed) });
    }
    Ok(changes)
}

/// Adds what a TLV tells under Ironic's names. What is told twice counts once, but for lists.
fn add(fields: &mut JsonMap, information: Information) {
    let mut set = |name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    match information {
        Information::ChassisId(id) => set("switch_chassis_id", json!(id.to_string())),
        Information::PortId(id) => set("switch_port_id", json!(id.to_string())),
        Information::PortDescription(text) => set("switch_port_description", json!(text)),
        Information::SystemName(text) => set("switch_system_name", json!(text)),
        Information::SystemDescription(text) => set("switch_system_description", json!(text)),
        Information::Capabilities { supported, enabled } => {
            set("switch_capabilities_support", json!(supported));
            set("switch_capabilities_enabled", json!(enabled));
        }
        Information::ManagementAddress(address) => append(fields, "switch_mgmt_addresses", json!(address.to_string())),
        Information::PortVlan(vlan) => set("switch_port_untagged_vlan_id", json!(vlan)),
        Information::ProtocolVlan { supported, enabled, vlan } => {
            set("switch_port_protocol_vlan_support", json!(supported));
            set("switch_port_protocol_vlan_enabled", json!(enabled));
            append(fields, "switch_port_protocol_vlan_ids", json!(vlan));
        }
        Information::VlanName { vlan, name } => append(fields, "switch_port_vlans", json!({"id": vlan, "name": name})),
        Information::ProtocolIdentity(bytes) => append(fields, "switch_protocol_identities", json!(hex(&bytes))),
        Information::ManagementVlan(vlan) => set("switch_port_management_vlan_id", json!(vlan)),
        Information::LinkAggregation { supported, enabled, port } => {
            set("switch_port_link_aggregation_support", json!(supported));
            set("switch_port_link_aggregation_enabled", json!(enabled));
            set("switch_port_link_aggregation_id", json!(port));
        }
        Information::MacPhy { supported, enabled, capabilities, mau_type } => {
            set("switch_port_autonegotiation_support", json!(supported));
            set("switch_port_autonegotiation_enabled", json!(enabled));
            set("switch_port_physical_capabilities", json!(capabilities));
            if let Some(mau_type) = mau_type {
                set("switch_port_mau_type", json!(mau_type));
            }
        }
        Information::MaximumFrameSize(bytes) => set("switch_port_mtu", json!(bytes)),
    }
}

fn append(fields: &mut JsonMap, name: &str, value: Value) {
    if let Value::Array(list) = fields.entry(name).or_insert_with(|| json!([])) {
        list.push(value);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
