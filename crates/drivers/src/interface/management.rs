//! Boot device, boot mode and MAC addresses.

use assay_core::{
    mac::MacAddress,
    power::{BootDevice, BootMode, BootOverride},
};
use async_trait::async_trait;

use super::{Property, Task};
use crate::error::DriverError;

/// Boot device, boot mode and MAC addresses through the BMC.
#[async_trait]
pub trait ManagementInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Checks `driver_info` without asking the BMC.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn validate(&self, task: &Task) -> Result<(), DriverError>;

    /// The devices that the BMC can be told to boot from.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_supported_boot_devices(&self, task: &Task) -> Result<Vec<BootDevice>, DriverError>;

    /// The override that the BMC holds now.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_boot_device(&self, task: &Task) -> Result<BootOverride, DriverError>;

    /// Sets the override; a single request.
    ///
    /// # Errors
    /// Invalid for a device that the BMC does not offer; [`DriverError::Bmc`].
    async fn set_boot_device(&self, task: &Task, device: BootDevice, persistent: bool) -> Result<(), DriverError>;

    /// Takes `ours` back, if the BMC still holds it: no override, or the `former` device where the
    /// BMC has no way to hold none.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn restore_boot_device(
        &self,
        task: &Task,
        ours: BootDevice,
        former: &BootOverride,
    ) -> Result<(), DriverError>;

    /// The firmware's boot mode, if the BMC tells it.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_boot_mode(&self, _task: &Task) -> Result<Option<BootMode>, DriverError> {
        Ok(None)
    }

    /// The MAC addresses of the node's NICs, for the creation of ports before the first inspection.
    ///
    /// # Errors
    /// Unsupported where the BMC can't list them; [`DriverError::Bmc`].
    async fn get_mac_addresses(&self, task: &Task) -> Result<Vec<MacAddress>, DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "get_mac_addresses"))
    }

    /// Whether [`get_mac_addresses`](Self::get_mac_addresses) is there, without asking the BMC.
    fn lists_macs(&self) -> bool {
        false
    }
}
