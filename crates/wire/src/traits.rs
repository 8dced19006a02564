//! The body of `PUT traits`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    refusal::Refusal,
    repr::repr,
    value::{Given, body_object, only_known_keys, require_key},
};

/// Reads the body. What is a trait, and how many a node may have, is the core's to say.
///
/// # Errors
/// Refused when it is no list of texts.
pub fn parse(body: &Value) -> Result<BTreeSet<String>, Refusal> {
    let map = body_object("traits", body)?;
    require_key("traits", map, "traits")?;
    only_known_keys("traits", map, |key| key == "traits")?;
    match &map["traits"] {
        Value::Array(items) => {
            items.iter().map(|value| Given { what: "traits", field: "traits", value }.required_text(255)).collect()
        }
        other => Err(Refusal::schema("traits", format_args!("{} is not of type 'array'", repr(other)))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_texts_is_taken() {
        assert_eq!(parse(&json!({"traits": ["CUSTOM_GOLD"]})), Ok(BTreeSet::from(["CUSTOM_GOLD".to_owned()])));
        for body in
            [json!({"traits": "x"}), json!({"traits": [1]}), json!({}), json!([]), json!({"traits": [], "x": 1})]
        {
            assert!(parse(&body).is_err(), "{body}");
        }
    }
}
