//! The names of traits, which a scheduler matches nodes by.

use std::collections::BTreeSet;

use crate::id::NodeId;

/// How many traits a node may have.
pub const MAX_TRAITS: usize = 50;

const LONGEST: usize = 255;

/// The namespaces of the standard traits.
const STANDARD: [&str; 5] = ["COMPUTE_", "HW_", "MISC_", "OWNER_", "STORAGE_"];

/// Traits that a node can't have. The texts are the API's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraitError {
    /// Neither a standard trait nor a custom one.
    #[error(
        "Schema error for trait: '{0}' is not valid under any of the given schemas. \
         Possible root cause: '{0}' does not match '^CUSTOM_[A-Z0-9_]+$'"
    )]
    Invalid(String),
    /// More than [`MAX_TRAITS`].
    #[error(
        "Could not modify traits for node {node} as it would exceed the maximum number of traits per node \
         ({count} vs. {MAX_TRAITS})"
    )]
    TooMany {
        /// The node.
        node: NodeId,
        /// How many it would have.
        count: usize,
    },
}

/// Checks all traits that `node` is going to have. Standard traits are known by their namespace, so
/// that a new one needs no new version of this service.
///
/// # Errors
/// [`TraitError`].
pub fn check_traits(node: NodeId, traits: &BTreeSet<String>) -> Result<(), TraitError> {
    if let Some(name) = traits.iter().find(|name| !is_trait(name)) {
        return Err(TraitError::Invalid(name.clone()));
    }
    if traits.len() > MAX_TRAITS {
        return Err(TraitError::TooMany { node, count: traits.len() });
    }
    Ok(())
}

fn is_trait(name: &str) -> bool {
    let rest = STANDARD.into_iter().chain(["CUSTOM_"]).find_map(|space| name.strip_prefix(space));
    let is_inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.len() <= LONGEST && rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;

    #[test]
    fn a_trait_is_standard_or_custom() {
        let longest = format!("CUSTOM_{}", "A".repeat(248));
        for name in ["CUSTOM_GOLD", "CUSTOM_A_1", "HW_CPU_X86_VMX", "MISC_SHARES_VIA_AGGREGATE", &longest] {
            assert_eq!(check_traits(node().id, &BTreeSet::from([name.to_owned()])), Ok(()), "{name}");
        }
        let too_long = format!("{longest}A");
        for name in ["", "GOLD", "CUSTOM_", "custom_gold", "CUSTOM_Gold", "CUSTOM_É", "HW_CPU ", &too_long] {
            let traits = BTreeSet::from(["CUSTOM_A".to_owned(), name.to_owned()]);
            assert_eq!(check_traits(node().id, &traits), Err(TraitError::Invalid(name.to_owned())));
        }
    }

    #[test]
    fn a_node_has_at_most_fifty() {
        let traits = |count: usize| (0..count).map(|number| format!("CUSTOM_{number}")).collect();
        assert_eq!(check_traits(node().id, &traits(50)), Ok(()));
        assert_eq!(check_traits(node().id, &traits(51)), Err(TraitError::TooMany { node: node().id, count: 51 }));
    }
}
