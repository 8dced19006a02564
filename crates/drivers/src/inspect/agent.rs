//! The `agent` inspect interface: the ramdisk posts to the bare metal API itself.

use crate::interface::{InspectInterface, InspectKind};

/// In-band inspection with no introspection service in between.
pub struct AgentInspect;

impl InspectInterface for AgentInspect {
    fn kind(&self) -> InspectKind {
        InspectKind::InBand { callback_path: "/v1/continue_inspection", requires_managed_boot: true }
    }
}
