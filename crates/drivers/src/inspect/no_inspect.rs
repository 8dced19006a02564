//! The `no-inspect` inspect interface: for nodes that must not be inspected.

use crate::{
    error::DriverError,
    interface::{InspectInterface, InspectKind, Task},
};

/// Refuses every inspection.
pub struct NoInspect;

impl InspectInterface for NoInspect {
    fn kind(&self) -> InspectKind {
        InspectKind::None
    }

    fn validate(&self, task: &Task) -> Result<(), DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "inspect"))
    }
}
