//! Traits: words about what a node can do, from a fixed vocabulary or of the operator's own.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    refusal::Refusal,
    value::{Given, body_object, only_known_keys, require_key},
};

/// A node has at most so many.
pub const MAX_TRAITS: usize = 50;

/// The families of the standard vocabulary.
const STANDARD: [&str; 5] = ["HW_", "COMPUTE_", "STORAGE_", "MISC_", "OWNER_"];

/// Reads the body of `PUT traits`.
///
/// # Errors
/// Refused when it is no list of traits, or one of them is wrong, or they are too many.
pub fn parse_all(body: &Value) -> Result<BTreeSet<String>, Refusal> {
    let map = body_object("traits", body)?;
    require_key("traits", map, "traits")?;
    only_known_keys("traits", map, |key| key == "traits")?;
    let Some(Value::Array(items)) = map.get("traits") else {
        return Err(Refusal::schema("traits", "a list is needed"));
    };
    let traits = items
        .iter()
        .map(|value| Given { what: "traits", field: "traits", value }.required_text(255))
        .collect::<Result<BTreeSet<_>, _>>()?;
    check(&traits)?;
    Ok(traits)
}

/// Refuses words that are no traits, and too many of them.
///
/// # Errors
/// Refused naming the first that is none.
pub fn check(traits: &BTreeSet<String>) -> Result<(), Refusal> {
    if let Some(wrong) = traits.iter().find(|name| !is_valid(name)) {
        return Err(Refusal::Invalid(format!(
            "Invalid trait \"{wrong}\". A trait is one of the standard traits or starts with \"CUSTOM_\"; it has \
             capital letters, digits and underscores, and at most 255 characters."
        )));
    }
    if traits.len() > MAX_TRAITS {
        return Err(Refusal::Invalid(format!("A node cannot have more than {MAX_TRAITS} traits")));
    }
    Ok(())
}

fn is_valid(name: &str) -> bool {
    let known = name.starts_with("CUSTOM_") || STANDARD.iter().any(|family| name.starts_with(family));
    known && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_traits_are_taken() {
        assert_eq!(parse_all(&json!({"traits": ["CUSTOM_GOLD", "HW_CPU_X86_VMX"]})).unwrap().len(), 2);
        for body in [json!({"traits": ["gold"]}), json!({"traits": ["CUSTOM_gold"]}), json!({"traits": "x"}), json!({})]
        {
            assert!(parse_all(&body).is_err(), "{body}");
        }
        let many: Vec<String> = (0..=MAX_TRAITS).map(|n| format!("CUSTOM_{n}")).collect();
        assert!(parse_all(&json!({"traits": many})).is_err());
    }
}
