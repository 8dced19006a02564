//! What ramdisks send without a run's secret: checked for what a node can be found by.

use serde_json::Value;

use crate::{
    refusal::Refusal,
    repr::repr,
    value::{body_object, require_key},
};

/// Refuses a body in which no NIC is named.
///
/// # Errors
/// Refused naming the key that is absent or wrong.
pub fn check(body: &Value) -> Result<(), Refusal> {
    let body = body_object("data", body)?;
    require_key("data", body, "inventory")?;
    let inventory = body_object("data", &body["inventory"])?;
    require_key("data", inventory, "interfaces")?;
    let interfaces = &inventory["interfaces"];
    let list = interfaces
        .as_array()
        .ok_or_else(|| Refusal::schema("data", format_args!("{} is not of type 'array'", repr(interfaces))))?;
    if list.is_empty() {
        return Err(Refusal::schema("data", "[] should be non-empty"));
    }
    list.iter().try_for_each(|interface| require_key("data", body_object("data", interface)?, "mac_address"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_names_at_least_one_nic() {
        for (body, expected) in [
            (json!({"inventory": {"interfaces": [{"mac_address": "52:54:00:00:00:01"}]}}), Ok(())),
            (json!({"inventory": {}}), Err("Schema error for data: 'interfaces' is a required property")),
            (json!({}), Err("Schema error for data: 'inventory' is a required property")),
            (json!([]), Err("Schema error for data: [] is not of type 'object'")),
            (json!({"inventory": {"interfaces": []}}), Err("Schema error for data: [] should be non-empty")),
            (
                json!({"inventory": {"interfaces": [{"name": "eno1"}]}}),
                Err("Schema error for data: 'mac_address' is a required property"),
            ),
        ] {
            assert_eq!(check(&body).map_err(|refusal| refusal.to_string()), expected.map_err(str::to_owned));
        }
    }
}
