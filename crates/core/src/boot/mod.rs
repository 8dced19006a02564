//! What the boot listeners answer: rendered from typed parts when a NIC asks, never written to disk.

use serde::{Deserialize, Serialize};

use crate::{id::NodeId, kernel::KernelParams, mac::MacAddress, power::BootMode};

/// Everything that the answers to one node's NICs are rendered from. It lives from
/// `prepare_ramdisk` to `clean_up_ramdisk` and holds no secret: the callback's is derived when
/// the answer is rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRecord {
    /// The node that boots; its id is in the names of the files that are served.
    pub node: NodeId,
    /// The NICs that are answered; any other gets nothing.
    pub macs: Vec<MacAddress>,
    /// The node's CPU architecture, as in `properties.cpu_arch`.
    pub cpu_arch: Option<String>,
    /// The firmware's mode, which chooses the loader where the NIC does not say.
    pub boot_mode: BootMode,
    /// The kernel's key in the image cache.
    pub kernel: String,
    /// The ramdisk's key in the image cache.
    pub ramdisk: String,
    /// The kernel line, without the callback.
    pub params: KernelParams,
    /// Where the ramdisk reports to, before run id and secret: one or more URLs, own first.
    pub callback_bases: Vec<String>,
}
