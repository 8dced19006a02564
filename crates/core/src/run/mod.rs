//! The run engine: how an inspection cannot be lost.

use serde::{Deserialize, Serialize};

pub use crate::id::RunId;

/// The id of a Neutron port that an inspection made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VifId(pub String);
