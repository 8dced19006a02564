//! Secrets are never shown (promise S13): in their place stands `******`.

use assay_core::{
    node::{JsonMap, Node},
    secret::{MASK, is_secret_key},
};
use serde_json::Value;

/// A copy in which every value whose key names a secret is masked, at any depth.
#[must_use]
pub fn masked(map: &JsonMap) -> JsonMap {
    map.iter()
        .map(|(key, value)| {
            let shown = if is_secret_key(key) { Value::from(MASK) } else { masked_value(value) };
            (key.clone(), shown)
        })
        .collect()
}

fn masked_value(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(masked(map)),
        Value::Array(items) => items.iter().map(masked_value).collect(),
        other => other.clone(),
    }
}

/// `driver_info` as the API shows it: with the secrets' keys, without the secrets.
#[must_use]
pub fn driver_info<Json>(node: &Node<Json>) -> JsonMap {
    let mut shown = masked(&node.driver_info);
    shown.extend(node.secrets.keys().map(|key| (key.clone(), Value::from(MASK))));
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn s13_secrets_are_masked_at_any_depth() {
        let Value::Object(map) = json!({"a": 1, "agent_secret_token": "t", "l": [{"Password": "p", "user": "u"}]})
        else {
            unreachable!()
        };
        assert_eq!(
            Value::Object(masked(&map)),
            json!({"a": 1, "agent_secret_token": "******", "l": [{"Password": "******", "user": "u"}]})
        );
    }
}
