//! The one mark by which our Neutron ports are known: their name.
//!
//! **Invariant:** only ports with the mark of this installation, in its own project, are ever
//! changed or removed. `device_id` is no mark: other services set the same on theirs.

use std::fmt;

use super::RunId;
use crate::id::PortId;

const PREFIX: &str = "assay";

/// The name of a Neutron port that an inspection makes: `assay:<instance>:<run>:<port>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The installation: eight characters made at its first start.
    pub instance: String,
    /// The run that made it.
    pub run: RunId,
    /// The port of the node.
    pub port: PortId,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}:{}:{}:{}", self.instance, self.run, self.port)
    }
}

impl Mark {
    /// Reads the name of a Neutron port; `None` for one that is not of `instance`.
    #[must_use]
    pub fn parse(name: &str, instance: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.strip_prefix(':')?.split(':');
        let ours = parts.next().filter(|part| *part == instance)?;
        let mark =
            Self { instance: ours.to_owned(), run: parts.next()?.parse().ok()?, port: parts.next()?.parse().ok()? };
        parts.next().is_none().then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn s2_a_name_is_ours_only_with_our_instance_and_in_full() {
        let mark =
            Mark { instance: "ab12cd34".to_owned(), run: RunId(Uuid::from_u128(1)), port: PortId(Uuid::from_u128(2)) };
        let name = mark.to_string();
        assert_eq!(Mark::parse(&name, "ab12cd34"), Some(mark));
        assert_eq!(Mark::parse(&name, "ab12cd35"), None);
        let (run, port) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for foreign in [
            String::new(),
            "assay".to_owned(),
            "assay:ab12cd34".to_owned(),
            format!("assay:ab12cd34:{run}"),
            format!("assay:ab12cd34:{run}:x"),
            format!("{name}:more"),
            format!("{name} "),
            format!("assayer:ab12cd34:{run}:{port}"),
            format!("x{name}"),
        ] {
            assert_eq!(Mark::parse(&foreign, "ab12cd34"), None, "{foreign}");
        }
    }
}
