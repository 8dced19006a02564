//! What a node may be called.

use uuid::Uuid;

use crate::microversion::{Microversion, behaviour};

/// The words that stand after `/v1/nodes/` for something else than a node.
pub const RESERVED: [&str; 19] = [
    "allocation",
    "bios",
    "children",
    "detail",
    "firmware",
    "history",
    "inventory",
    "maintenance",
    "management",
    "portgroups",
    "ports",
    "states",
    "timeline",
    "traits",
    "validate",
    "vendor_passthru",
    "vifs",
    "vmedia",
    "volume",
];

const LONGEST: usize = 255;

/// A name that a node can't have. The texts are the API's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The characters are not those of a name, or it reads as a UUID. The caller puts in front what
    /// was asked for, such as `Cannot create node with `.
    #[error("invalid name '{0}'")]
    Invalid(String),
    /// The name is a path of the API.
    #[error(
        "The word \"{0}\" is reserved and can not be used as a node name. Reserved words are: {words}.",
        words = RESERVED.join(", ")
    )]
    Reserved(String),
}

/// Checks a name that a client of `version` gives to a node: RFC 3986 unreserved characters, or a
/// host name for clients that know no more.
///
/// # Errors
/// [`NameError`].
pub fn check_node_name(name: &str, version: Microversion) -> Result<(), NameError> {
    let is_well_formed =
        if version.minor >= behaviour::NAME_ANY_UNRESERVED { is_logical_name(name) } else { is_host_name(name) };
    if !is_well_formed || Uuid::try_parse(name).is_ok() {
        return Err(NameError::Invalid(name.to_owned()));
    }
    if RESERVED.contains(&name) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    Ok(())
}

/// Whether a text is made of RFC 3986 unreserved characters only, as names of ports are as well.
#[must_use]
pub fn is_logical_name(name: &str) -> bool {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    !name.is_empty() && name.len() <= LONGEST && name.chars().all(is_unreserved)
}

/// A host name as the API had it before 1.10: labels of at most 63 characters that neither begin
/// nor end with a hyphen, in lower case.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        label.len() <= 63 && label.chars().all(is_inside) && label.starts_with(is_edge) && label.ends_with(is_edge)
    };
    let host = name.strip_suffix('.').unwrap_or(name);
    name.len() <= LONGEST
        && host.split('.').all(is_label)
        && !host.split('.').next().is_some_and(|host| host.contains('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_the_clients_version_has_them() {
        let old = Microversion { minor: 9 };
        let longest = "n".repeat(255);
        for (name, allowed, allowed_for_old) in [
            ("node-1", true, true),
            ("node1.rack-2.example.org.", true, true),
            (longest.as_str(), true, false),
            ("metal3~worker-0", true, false),
            ("Node_1", true, false),
            ("-node", true, false),
            ("bad name!", false, false),
            ("", false, false),
            ("né", false, false),
            ("11111111-2222-4333-8444-000000000001", false, false),
            ("11111111222243338444000000000001", false, false),
        ] {
            let expected = |allowed: bool| if allowed { Ok(()) } else { Err(NameError::Invalid(name.to_owned())) };
            assert_eq!(check_node_name(name, Microversion::MAX), expected(allowed), "{name}");
            assert_eq!(check_node_name(name, old), expected(allowed_for_old), "{name}");
        }
        assert!(check_node_name(&"n".repeat(256), Microversion::MAX).is_err());
    }

    #[test]
    fn a_word_of_the_api_is_no_name() {
        let error = check_node_name("detail", Microversion::MAX).unwrap_err().to_string();
        assert!(
            error.starts_with("The word \"detail\" is reserved and can not be used as a node name. Reserved"),
            "{error}"
        );
    }
}
