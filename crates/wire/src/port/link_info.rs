//! `local_link_connection`: where a NIC is plugged in, normalised at the door.

use assay_core::{mac::MacAddress, node::JsonMap};
use serde_json::Value;

use crate::{
    refusal::Refusal,
    repr::{repr, repr_str},
    value::only_known_keys,
};

const WHAT: &str = "local_link_connection";
const KEYS: [&str; 5] = ["port_id", "switch_id", "switch_info", "hostname", "network_type"];

/// Checks and normalises: nothing at all, switch and port, host and port (of a smart NIC), or a NIC
/// on an unmanaged network.
///
/// # Errors
/// Refused naming the key that is wrong or absent.
pub fn checked(mut info: JsonMap) -> Result<JsonMap, Refusal> {
    only_known_keys(WHAT, &info, |key| KEYS.contains(&key))?;
    for (key, value) in &info {
        if !value.is_string() {
            return Err(Refusal::schema(WHAT, format_args!("{} is not of type 'string'", repr(value))));
        }
        if key == "network_type" && value != "managed" && value != "unmanaged" {
            return Err(Refusal::schema(WHAT, format_args!("{} is not one of ['managed', 'unmanaged']", repr(value))));
        }
    }
    if let Some(missing) = missing_key(&info) {
        return Err(Refusal::schema(
            WHAT,
            format_args!(
                "{} is not valid under any of the given schemas. Possible root cause: {} is a required property",
                repr(&Value::Object(info)),
                repr_str(missing)
            ),
        ));
    }
    if let Some(Value::String(id)) = info.get_mut("switch_id") {
        *id = switch_id(id)?;
    }
    Ok(info)
}

fn missing_key(info: &JsonMap) -> Option<&'static str> {
    let has = |key: &str| info.contains_key(key);
    let unmanaged = info.get("network_type").is_some_and(|value| value == "unmanaged");
    if info.is_empty() || unmanaged || (has("port_id") && (has("switch_id") || has("hostname"))) {
        return None;
    }
    Some(if has("port_id") { "switch_id" } else { "port_id" })
}

/// A MAC address, or an OpenFlow datapath id of 16 hex digits.
fn switch_id(text: &str) -> Result<String, Refusal> {
    if let Ok(mac) = text.parse::<MacAddress>() {
        return Ok(mac.to_string());
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Refusal::Invalid(format!("Expected a MAC address or OpenFlow datapath ID but received {text}.")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: Value) -> Result<Value, String> {
        let Value::Object(map) = value else { unreachable!() };
        checked(map).map(Value::Object).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn complete_link_information_is_taken_and_normalised() {
        for (given, expected) in [
            (json!({}), json!({})),
            (
                json!({"switch_id": "88:5A:92:EC:54:59", "port_id": "Ethernet1/1"}),
                json!({"switch_id": "88:5a:92:ec:54:59", "port_id": "Ethernet1/1"}),
            ),
            (
                json!({"switch_id": "0x000000ABCDEF0123", "port_id": "1"}),
                json!({"switch_id": "0x000000abcdef0123", "port_id": "1"}),
            ),
            (json!({"hostname": "h", "port_id": "rep0-0"}), json!({"hostname": "h", "port_id": "rep0-0"})),
            (json!({"network_type": "unmanaged"}), json!({"network_type": "unmanaged"})),
        ] {
            assert_eq!(check(given), Ok(expected));
        }
    }

    #[test]
    fn incomplete_or_unknown_link_information_is_refused() {
        for (given, text) in [
            (
                json!({"switch_id": "zzz"}),
                "Schema error for local_link_connection: {'switch_id': 'zzz'} is not valid under any of the given \
                 schemas. Possible root cause: 'port_id' is a required property",
            ),
            (
                json!({"switch_id": "zzz", "port_id": "1"}),
                "Expected a MAC address or OpenFlow datapath ID but received zzz.",
            ),
            (
                json!({"bogus": "1"}),
                "Schema error for local_link_connection: Additional properties are not allowed \
                 ('bogus' was unexpected)",
            ),
            (
                json!({"switch_id": 1, "port_id": "1"}),
                "Schema error for local_link_connection: 1 is not of type 'string'",
            ),
        ] {
            assert_eq!(check(given), Err(text.to_owned()));
        }
    }
}
