//! Bodies of the requests that ask a node to do something.

use assay_core::node::JsonMap;
use serde_json::Value;

use crate::{
    refusal::Refusal,
    value::{Given, body_object},
};

/// `PUT states/provision`. The verb stays a text here: how an unknown one is refused depends on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionRequest {
    /// The verb.
    pub target: String,
}

/// `PUT states/power`; the target stays a text for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerRequest {
    /// The power state or action.
    pub target: String,
    /// How long a soft action may take, in seconds.
    pub timeout: Option<u32>,
}

/// `PUT management/boot_device`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootDeviceRequest {
    /// The device; still a text, as what is valid is the BMC's to say.
    pub device: String,
    /// Whether it stays after one boot.
    pub persistent: bool,
}

/// Arguments of verbs that are not served; with them a request would mean something else.
const OTHER_VERBS: [(&str, &str); 6] = [
    ("configdrive", "active or rebuild"),
    ("clean_steps", "clean"),
    ("deploy_steps", "active or rebuild"),
    ("service_steps", "service"),
    ("rescue_password", "rescue"),
    ("runbook", "clean or service"),
];

impl ProvisionRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// Refused when there is no target, or an argument that does not belong to it.
    pub fn parse(body: &Value) -> Result<Self, Refusal> {
        let map = only_arguments(body, |key| {
            key == "target" || key == "disable_ramdisk" || OTHER_VERBS.iter().any(|(name, _)| *name == key)
        })?;
        let target = target(map)?;
        for (name, verbs) in OTHER_VERBS {
            let given = map.get(name).is_some_and(|value| !value.is_null());
            if given && !verbs.split(" or ").any(|verb| verb == target) {
                return Err(Refusal::Invalid(format!(
                    "\"{name}\" is only valid when setting target provision state to {verbs}"
                )));
            }
        }
        Ok(Self { target })
    }
}

impl PowerRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// Refused when there is no target or the timeout is no positive number.
    pub fn parse(body: &Value) -> Result<Self, Refusal> {
        let map = only_arguments(body, |key| matches!(key, "target" | "timeout"))?;
        Ok(Self { target: target(map)?, timeout: timeout(map.get("timeout").unwrap_or(&Value::Null))? })
    }
}

fn timeout(value: &Value) -> Result<Option<u32>, Refusal> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    match number.map(u32::try_from) {
        None => Err(Refusal::Invalid(format!("Expected an integer for timeout: {}", plain(value)))),
        Some(Ok(seconds @ 1..)) => Ok(Some(seconds)),
        Some(_) => Err(Refusal::Invalid("timeout has to be at least 1".to_owned())),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl BootDeviceRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// Refused when there is no device or a value has the wrong type.
    pub fn parse(body: &Value) -> Result<Self, Refusal> {
        let map = only_arguments(body, |key| matches!(key, "boot_device" | "persistent"))?;
        let device = map.get("boot_device").ok_or_else(|| missing("boot_device"))?;
        let persistent = map.get("persistent").unwrap_or(&Value::Null);
        Ok(Self {
            device: Given { what: "boot_device", field: "boot_device", value: device }.required_text(64)?,
            persistent: Given { what: "boot_device", field: "persistent", value: persistent }
                .boolean()?
                .unwrap_or(false),
        })
    }
}

/// Reads the reason in the body of `PUT maintenance`; there need not be a body.
///
/// # Errors
/// Refused when the reason is no text.
pub fn maintenance_reason(body: &Value) -> Result<Option<String>, Refusal> {
    if body.is_null() {
        return Ok(None);
    }
    let map = only_arguments(body, |key| key == "reason")?;
    let reason = map.get("reason").unwrap_or(&Value::Null);
    Given { what: "maintenance", field: "reason", value: reason }.text(4096)
}

fn target(map: &JsonMap) -> Result<String, Refusal> {
    let value = map.get("target").ok_or_else(|| missing("target"))?;
    Given { what: "states", field: "target", value }.required_text(64)
}

fn missing(name: &str) -> Refusal {
    Refusal::Invalid(format!("Missing mandatory argument: {name}"))
}

fn only_arguments(body: &Value, known: impl Fn(&str) -> bool) -> Result<&JsonMap, Refusal> {
    let map = body_object("body", body)?;
    let unknown: Vec<&str> = map.keys().map(String::as_str).filter(|key| !known(key)).collect();
    if unknown.is_empty() {
        return Ok(map);
    }
    Err(Refusal::Invalid(format!("Unexpected arguments: {}", unknown.join(", "))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_names_its_target_and_nothing_that_is_not_served() {
        for (body, expected) in [
            (json!({"target": "inspect"}), Ok("inspect")),
            (json!({"target": "clean", "clean_steps": []}), Ok("clean")),
            (json!({"target": "manage", "configdrive": null}), Ok("manage")),
            (json!({}), Err("Missing mandatory argument: target")),
            (json!([]), Err("Schema error for body: [] is not of type 'object'")),
            (json!({"target": "manage", "x": 1, "a": 2}), Err("Unexpected arguments: a, x")),
            (
                json!({"target": "manage", "clean_steps": []}),
                Err("\"clean_steps\" is only valid when setting target provision state to clean"),
            ),
        ] {
            let parsed = ProvisionRequest::parse(&body).map(|r| r.target).map_err(|r| r.to_string());
            assert_eq!(parsed, expected.map(str::to_owned).map_err(str::to_owned));
        }
    }

    #[test]
    fn a_power_timeout_is_a_positive_number_of_seconds() {
        for (timeout, expected) in [
            (json!(null), Ok(None)),
            (json!(5), Ok(Some(5))),
            (json!("5"), Ok(Some(5))),
            (json!(0), Err("timeout has to be at least 1")),
            (json!(-1), Err("timeout has to be at least 1")),
            (json!("x"), Err("Expected an integer for timeout: x")),
        ] {
            let body = json!({"target": "soft power off", "timeout": timeout});
            let parsed = PowerRequest::parse(&body).map(|r| r.timeout).map_err(|r| r.to_string());
            assert_eq!(parsed, expected.map_err(str::to_owned));
        }
    }
}
