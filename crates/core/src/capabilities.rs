//! A node's capabilities: `key:value` pairs joined by commas, in `properties.capabilities`.

use serde_json::Value;

use crate::node::{JsonMap, Node};

/// The capabilities that this service reads, and the values that each may have.
const KNOWN: [(&str, &[&str]); 4] = [
    ("boot_mode", &["bios", "uefi"]),
    ("secure_boot", &["true", "false"]),
    ("trusted_boot", &["true", "false"]),
    ("disk_label", &["msdos", "gpt"]),
];

/// Capabilities that can't be used. The texts are the API's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum CapabilityError {
    #[error("Value of 'capabilities' must be string. Got {0}")]
    NotText(String),
    #[error("Malformed capabilities value: {0}")]
    Malformed(String),
    #[error(
        "Error parsing capabilities from Node {0} instance_info field. A dictionary or a \"jsonified\" dictionary is expected."
    )]
    NotAnObject(String),
    #[error(
        "The parameter '{name}' from {field} has an invalid value: '{value}'. Acceptable values are: {acceptable}."
    )]
    Value { name: &'static str, field: &'static str, value: String, acceptable: String },
}

/// The value of one capability, if it is set; entries without a colon are passed over.
#[must_use]
pub fn capability<'a>(properties: &'a JsonMap, name: &str) -> Option<&'a str> {
    let text = properties.get("capabilities")?.as_str()?;
    let mut pairs = text.split(',').filter_map(|entry| entry.split_once(':'));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Checks the capabilities in `properties` and in `instance_info`.
///
/// # Errors
/// [`CapabilityError`] names the field, and the capability with its acceptable values.
pub fn check_capabilities(node: &Node) -> Result<(), CapabilityError> {
    check_form(&node.properties)?;
    let instance = instance_capabilities(node)?;
    for (name, acceptable) in KNOWN {
        let of_instance = instance.get(name).and_then(Value::as_str);
        for (field, value) in [
            ("properties/capabilities", capability(&node.properties, name)),
            ("instance_info['capabilities']", of_instance),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty() && !acceptable.contains(value)) {
                let (value, acceptable) = (value.to_owned(), acceptable.join(", "));
                return Err(CapabilityError::Value { name, field, value, acceptable });
            }
        }
    }
    Ok(())
}

fn check_form(properties: &JsonMap) -> Result<(), CapabilityError> {
    match properties.get("capabilities") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if text.is_empty() => Ok(()),
        Some(Value::String(text)) => match text.split(',').find(|entry| entry.matches(':').count() != 1) {
            Some(entry) => Err(CapabilityError::Malformed(entry.to_owned())),
            None => Ok(()),
        },
        Some(other) => Err(CapabilityError::NotText(other.to_string())),
    }
}

/// The capabilities of the instance: an object, or one as JSON text, as schedulers send it.
///
/// # Errors
/// [`CapabilityError::NotAnObject`].
pub fn instance_capabilities(node: &Node) -> Result<JsonMap, CapabilityError> {
    let object = match node.instance_info.get("capabilities") {
        None => Some(JsonMap::new()),
        Some(Value::Object(object)) => Some(object.clone()),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(_) => None,
    };
    object.ok_or_else(|| CapabilityError::NotAnObject(node.id.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::node;

    fn with(properties: &Value, instance_info: &Value) -> Node {
        let object = |value: &Value| value.as_object().unwrap().clone();
        Node { properties: object(properties), instance_info: object(instance_info), ..node() }
    }

    #[test]
    fn a_capability_is_read_from_the_list() {
        let properties = json!({"capabilities": "cpu_vt:true, boot_mode : uefi ,odd,boot_mode:bios"});
        let properties = properties.as_object().unwrap();
        assert_eq!(capability(properties, "boot_mode"), Some("uefi"));
        assert_eq!(capability(properties, "cpu_vt"), Some("true"));
        assert_eq!(capability(properties, "odd"), None);
        assert_eq!(capability(&JsonMap::new(), "boot_mode"), None);
    }

    #[test]
    fn wrong_capabilities_are_named() {
        for (properties, instance_info, expected) in [
            (json!({}), json!({}), None),
            (json!({"capabilities": "boot_mode:uefi,profile:x"}), json!({"capabilities": {"boot_mode": "bios"}}), None),
            (json!({"capabilities": null}), json!({"capabilities": "{\"disk_label\": \"gpt\"}"}), None),
            (
                json!({"capabilities": {"a": "b"}}),
                json!({}),
                Some("Value of 'capabilities' must be string. Got {\"a\":\"b\"}"),
            ),
            (json!({"capabilities": "a:b,c"}), json!({}), Some("Malformed capabilities value: c")),
            (json!({"capabilities": "a:b:c"}), json!({}), Some("Malformed capabilities value: a:b:c")),
            (
                json!({"capabilities": "boot_mode:efi"}),
                json!({}),
                Some(
                    "The parameter 'boot_mode' from properties/capabilities has an invalid value: 'efi'. \
                     Acceptable values are: bios, uefi.",
                ),
            ),
            (
                json!({}),
                json!({"capabilities": {"secure_boot": "yes"}}),
                Some(
                    "The parameter 'secure_boot' from instance_info['capabilities'] has an invalid value: 'yes'. \
                     Acceptable values are: true, false.",
                ),
            ),
            (
                json!({}),
                json!({"capabilities": "boot_mode:uefi"}),
                Some(
                    "Error parsing capabilities from Node 00000000-0000-0000-0000-000000000001 instance_info field. \
                     A dictionary or a \"jsonified\" dictionary is expected.",
                ),
            ),
        ] {
            let error = check_capabilities(&with(&properties, &instance_info)).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{properties} {instance_info}");
        }
    }
}
