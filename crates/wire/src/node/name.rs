//! Names of nodes, which stand in paths beside UUIDs and fixed words.

use assay_core::microversion::{Microversion, behaviour};
use uuid::Uuid;

/// Words that mean something else after `/v1/nodes/` or below a node.
const RESERVED: [&str; 20] = [
    "allocation",
    "bios",
    "children",
    "detail",
    "firmware",
    "history",
    "inventory",
    "maintenance",
    "management",
    "passthru",
    "portgroups",
    "ports",
    "runbooks",
    "states",
    "timeline",
    "traits",
    "validate",
    "vendor_passthru",
    "vifs",
    "vmedia",
];

/// Whether a node may have this name: unreserved characters (of a host name only, in old versions),
/// not a UUID and not a word that paths need.
#[must_use]
pub fn is_valid(name: &str, version: Microversion) -> bool {
    let characters = if version.has(behaviour::NAME_ANY_UNRESERVED) {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    } else {
        is_host_name(name)
    };
    !name.is_empty() && characters && Uuid::try_parse(name).is_err() && !RESERVED.contains(&name)
}

fn is_host_name(name: &str) -> bool {
    name.len() <= 255
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_a_uuid_nor_a_word_of_a_path() {
        for (name, newest, older) in [
            ("node-1.example", true, true),
            ("ns~name", true, false),
            ("a_b", true, false),
            ("bad name!", false, false),
            ("", false, false),
            ("detail", false, false),
            ("11111111-2222-4333-8444-000000000001", false, false),
            ("-x", true, false),
        ] {
            assert_eq!(is_valid(name, Microversion::MAX), newest, "{name}");
            assert_eq!(is_valid(name, Microversion { minor: 9 }), older, "{name} in 1.9");
        }
    }
}
