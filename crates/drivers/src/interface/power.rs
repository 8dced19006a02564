//! Power.

use std::time::Duration;

use assay_core::power::{PowerState, PowerTarget};
use async_trait::async_trait;

use super::{Property, Task};
use crate::error::DriverError;

/// Power through the BMC.
#[async_trait]
pub trait PowerInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Checks `driver_info` without asking the BMC.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn validate(&self, task: &Task) -> Result<(), DriverError>;

    /// Asks the BMC.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError>;

    /// Brings the node to `target` and waits until the BMC shows it. Does not write to the BMC
    /// when the state is already right. `patience` replaces the configured time that the BMC, or the
    /// operating system, has to get there.
    ///
    /// # Errors
    /// [`DriverError::Bmc`], marked when the request may have landed.
    async fn set_power_state(
        &self,
        task: &Task,
        target: PowerTarget,
        patience: Option<Duration>,
    ) -> Result<(), DriverError>;

    /// Gives back what it holds at BMCs, such as sessions, before an orderly stop; takes no longer
    /// than `within`.
    async fn close(&self, _within: Duration) {}
}
