//! `extra_dhcp_opts`: merged by name, removed by null.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::port::Port;
use crate::cloud::neutron::problem::Problem;

const NAME_LIMIT: usize = 64;
const VALUE_LIMIT: usize = 255;

/// Merges options into those of the port; those that are not named stay.
pub(super) fn merge(port: &mut Port, options: &Value) -> Result<(), Problem> {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(wrong) = options.iter().find(|option| !is_valid(option)) {
        let message = format!("Invalid input for operation: No valid key specs matched for: {wrong}.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "InvalidInput", message));
    }
    let mut merged = port.value("extra_dhcp_opts").as_array().cloned().unwrap_or_default();
    for option in options {
        let (name, version) = (&option["opt_name"], version(option));
        merged.retain(|old| old["opt_name"] != *name || old["ip_version"] != version);
        if !option["opt_value"].is_null() {
            merged.push(json!({"opt_name": name, "opt_value": option["opt_value"], "ip_version": version}));
        }
    }
    port.set("extra_dhcp_opts", Value::Array(merged));
    Ok(())
}

fn version(option: &Value) -> u64 {
    option["ip_version"].as_u64().unwrap_or(4)
}

fn is_valid(option: &Value) -> bool {
    let fits = |value: &Value, limit| value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= limit);
    let has_value = option.get("opt_value").is_some_and(|value| value.is_null() || fits(value, VALUE_LIMIT));
    fits(&option["opt_name"], NAME_LIMIT) && has_value && matches!(version(option), 4 | 6)
}
