//! The kernel command line of the ramdisk, parsed at the door so that it can't be injected into.

use serde::{Deserialize, Serialize};

/// Kernel parameters in their order; every one is free of control characters and of what a boot
/// script would interpret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KernelParams(Vec<String>);
