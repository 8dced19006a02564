//! The `fake` inspect interface: ends at once and finds nothing.

use async_trait::async_trait;

use crate::{
    error::DriverError,
    fake::Delay,
    interface::{InspectInterface, InspectKind, Task},
};

/// An inspection that boots nothing.
pub struct FakeInspect {
    /// How long it pretends to work.
    pub delay: Delay,
}

#[async_trait]
impl InspectInterface for FakeInspect {
    fn kind(&self) -> InspectKind {
        InspectKind::Immediate
    }

    async fn start_introspection(&self, _task: &Task, _manage_boot: bool) -> Result<(), DriverError> {
        self.delay.pass().await;
        Ok(())
    }
}
