//! The attributes that a request names: known ones, of the right kind.

use assay_core::mac::MacAddress;
use serde_json::{Value, json};
use uuid::Uuid;

use super::port::Values;
use crate::cloud::neutron::problem::Problem;

const KNOWN: [&str; 16] = [
    "admin_state_up",
    "allowed_address_pairs",
    "binding:host_id",
    "binding:profile",
    "binding:vnic_type",
    "description",
    "device_id",
    "device_owner",
    "extra_dhcp_opts",
    "fixed_ips",
    "mac_address",
    "name",
    "network_id",
    "port_security_enabled",
    "project_id",
    "security_groups",
];
/// Those that are set once.
const FIXED: [&str; 2] = ["network_id", "project_id"];
const VNIC_TYPES: [&str; 8] =
    ["normal", "direct", "macvtap", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic", "vdpa"];
const TEXT_LIMIT: usize = 255;

/// The attributes in a body.
pub(super) fn parse(body: &[u8]) -> Result<Values, Problem> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Problem::bad("Body contains invalid data"))?;
    match body.get("port") {
        Some(Value::Object(values)) => Ok(values.clone()),
        _ => Err(Problem::bad("Unable to find 'port' in request body")),
    }
}

/// Checks the attributes of a port that is to be created, and brings them into one form.
pub(super) fn check_new(values: &mut Values) -> Result<(), Problem> {
    check(values)?;
    match values.get("network_id") {
        Some(Value::String(id)) if id.parse::<Uuid>().is_ok() => Ok(()),
        Some(other) => Err(Problem::invalid("network_id", &format!("'{}' is not a valid UUID.", plain(other)))),
        None => Err(Problem::bad("Failed to parse request. Required attribute 'network_id' not specified")),
    }
}

/// Checks the attributes that are to be changed, and brings them into one form.
pub(super) fn check_changes(values: &mut Values) -> Result<(), Problem> {
    check(values)?;
    match FIXED.into_iter().find(|name| values.contains_key(*name)) {
        Some(name) => Err(Problem::bad(format!("Cannot update read-only attribute {name}"))),
        None => Ok(()),
    }
}

fn check(values: &mut Values) -> Result<(), Problem> {
    let unknown = values.keys().find(|name| !KNOWN.contains(&name.as_str()));
    if let Some(name) = unknown {
        return Err(Problem::bad(format!("Unrecognized attribute(s) '{name}'")));
    }
    for (name, value) in values {
        match refusal(name, value) {
            Some(reason) => return Err(Problem::invalid(name, &reason)),
            None => normalise(name, value),
        }
    }
    Ok(())
}

/// What is wrong with a value.
fn refusal(name: &str, value: &Value) -> Option<String> {
    let text = plain(value);
    let (right, otherwise) = match name {
        "mac_address" => (text.parse::<MacAddress>().is_ok(), format!("'{text}' is not a valid MAC address.")),
        "binding:profile" => (value.is_object() || value.is_null(), format!("'{text}' is not a dictionary.")),
        "binding:vnic_type" => (VNIC_TYPES.contains(&&*text), format!("{text} is not in valid_values.")),
        "admin_state_up" | "port_security_enabled" => {
            (value.is_boolean(), format!("'{text}' cannot be converted to boolean."))
        }
        "fixed_ips" | "security_groups" | "extra_dhcp_opts" | "allowed_address_pairs" => {
            (value.is_array(), format!("'{text}' is not a list."))
        }
        "network_id" => (true, String::new()),
        _ if text.chars().count() > TEXT_LIMIT => (false, format!("'{text}' exceeds maximum length of {TEXT_LIMIT}.")),
        _ => (value.is_string(), format!("'{text}' is not a valid string.")),
    };
    (!right).then_some(otherwise)
}

fn normalise(name: &str, value: &mut Value) {
    match name {
        "mac_address" => *value = json!(plain(value).to_lowercase()),
        "binding:profile" if value.is_null() => *value = json!({}),
        _ => {}
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
