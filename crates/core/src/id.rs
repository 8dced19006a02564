//! Typed identifiers: a port's id can't be passed where a node's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

uuid_id!(
    /// A node's UUID, as the bare metal API shows it.
    NodeId
);
uuid_id!(
    /// A port's UUID, as the bare metal API shows it.
    PortId
);
uuid_id!(
    /// A port group's UUID.
    PortgroupId
);
uuid_id!(
    /// One run of the engine (an inspection, a verification, a power action). It is no secret.
    RunId
);
uuid_id!(
    /// One stored body that a ramdisk posted.
    BodyId
);
