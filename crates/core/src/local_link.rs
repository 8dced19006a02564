//! Where a port is plugged in: the shapes that `local_link_connection` may have.

use serde_json::Value;

use crate::{mac::MacAddress, node::JsonMap};

const KEYS: [&str; 5] = ["hostname", "network_type", "port_id", "switch_id", "switch_info"];

/// What a link that Neutron binds is told by: a port of a switch, or of a smart NIC's host.
const SHAPES: [[&str; 2]; 2] = [["port_id", "switch_id"], ["port_id", "hostname"]];

/// A link that is refused. The texts are the API's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalLinkError {
    /// It has none of the shapes.
    #[error(
        "Schema error for local_link_connection: {link} is not valid under any of the given schemas. \
         Possible root cause: {cause}"
    )]
    Shape {
        /// The link, in the API's way of writing it.
        link: String,
        /// The first thing that is wrong with it.
        cause: String,
    },
    /// The switch is named by something else.
    #[error("Expected a MAC address or OpenFlow datapath ID but received {0}.")]
    SwitchId(String),
}

/// Checks a link and brings its `switch_id` into one form. Allowed are nothing at all, a switch's
/// port, a smart NIC's port, and a link that is said to be unmanaged.
///
/// # Errors
/// [`LocalLinkError`].
pub fn normalise_local_link(mut link: JsonMap) -> Result<JsonMap, LocalLinkError> {
    if let Some(cause) = fault(&link) {
        return Err(LocalLinkError::Shape { link: written(&link), cause });
    }
    if let Some(switch_id) = link.get_mut("switch_id") {
        let text = switch_id.as_str().unwrap_or_default();
        let normal = normal_switch_id(text).ok_or_else(|| LocalLinkError::SwitchId(text.to_owned()))?;
        *switch_id = Value::String(normal);
    }
    Ok(link)
}

fn fault(link: &JsonMap) -> Option<String> {
    for (key, value) in link {
        if !KEYS.contains(&key.as_str()) {
            return Some(format!("Additional properties are not allowed ('{key}' was unexpected)"));
        }
        if !value.is_string() {
            return Some(format!("{value} is not of type 'string'"));
        }
    }
    let network_type = link.get("network_type").and_then(Value::as_str);
    if let Some(other) = network_type.filter(|text| !["managed", "unmanaged"].contains(text)) {
        return Some(format!("'{other}' is not one of ['managed', 'unmanaged']"));
    }
    let has_shape = SHAPES.iter().any(|shape| shape.iter().all(|key| link.contains_key(*key)));
    if link.is_empty() || has_shape || network_type == Some("unmanaged") {
        return None;
    }
    let missing = if link.contains_key("port_id") { "switch_id" } else { "port_id" };
    Some(format!("'{missing}' is a required property"))
}

/// A MAC address in its usual form, or the 16 hex digits of an OpenFlow datapath.
fn normal_switch_id(text: &str) -> Option<String> {
    let is_datapath = text.len() == 16 && text.chars().all(|c| c.is_ascii_hexdigit());
    let mac = text.parse::<MacAddress>().ok().map(|mac| mac.to_string());
    mac.or_else(|| is_datapath.then(|| text.to_ascii_lowercase()))
}

fn written(link: &JsonMap) -> String {
    let pairs = link.iter().map(|(key, value)| match value.as_str() {
        Some(text) => format!("'{key}': '{text}'"),
        None => format!("'{key}': {value}"),
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn normalise(link: &Value) -> Result<Value, String> {
        let link = link.as_object().unwrap().clone();
        normalise_local_link(link).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn links_of_every_shape_are_normalised() {
        for (link, expected) in [
            (json!({}), json!({})),
            (
                json!({"port_id": "Eth1/1", "switch_id": "00-11-22-AA-BB-CC", "switch_info": "sw1"}),
                json!({"port_id": "Eth1/1", "switch_id": "00:11:22:aa:bb:cc", "switch_info": "sw1"}),
            ),
            (
                json!({"port_id": "1", "switch_id": "0000AABBCCDDEEFF", "network_type": "managed"}),
                json!({"port_id": "1", "switch_id": "0000aabbccddeeff", "network_type": "managed"}),
            ),
            (json!({"port_id": "rep0-0", "hostname": "host1"}), json!({"port_id": "rep0-0", "hostname": "host1"})),
            (json!({"network_type": "unmanaged"}), json!({"network_type": "unmanaged"})),
        ] {
            assert_eq!(normalise(&link), Ok(expected));
        }
    }

    #[test]
    fn anything_else_is_refused_in_the_apis_words() {
        let schema = |link: &str, cause: &str| {
            format!(
                "Schema error for local_link_connection: {link} is not valid under any of the given schemas. \
                 Possible root cause: {cause}"
            )
        };
        for (link, text) in [
            (json!({"switch_id": "zzz"}), schema("{'switch_id': 'zzz'}", "'port_id' is a required property")),
            (json!({"port_id": "1"}), schema("{'port_id': '1'}", "'switch_id' is a required property")),
            (
                json!({"network_type": "managed"}),
                schema("{'network_type': 'managed'}", "'port_id' is a required property"),
            ),
            (
                json!({"network_type": "odd"}),
                schema("{'network_type': 'odd'}", "'odd' is not one of ['managed', 'unmanaged']"),
            ),
            (json!({"port_id": 1}), schema("{'port_id': 1}", "1 is not of type 'string'")),
            (
                json!({"vlan": "5"}),
                schema("{'vlan': '5'}", "Additional properties are not allowed ('vlan' was unexpected)"),
            ),
            (
                json!({"port_id": "1", "switch_id": "zzz"}),
                "Expected a MAC address or OpenFlow datapath ID but received zzz.".to_owned(),
            ),
        ] {
            assert_eq!(normalise(&link), Err(text));
        }
    }
}
