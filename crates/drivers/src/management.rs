//! The `noop` management interface: boot order is the operator's own business.

use assay_core::power::{BootDevice, BootOverride};
use async_trait::async_trait;

use crate::{
    error::DriverError,
    interface::{ManagementInterface, Task},
};

/// Accepts every boot device and sets none, for machines that boot from the network anyway.
pub struct NoopManagement;

#[async_trait]
impl ManagementInterface for NoopManagement {
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    async fn get_supported_boot_devices(&self, _task: &Task) -> Result<Vec<BootDevice>, DriverError> {
        Ok(vec![BootDevice::Pxe, BootDevice::Disk])
    }

    async fn get_boot_device(&self, _task: &Task) -> Result<BootOverride, DriverError> {
        Ok(BootOverride { device: None, persistent: false })
    }

    async fn set_boot_device(&self, _task: &Task, _device: BootDevice, _persistent: bool) -> Result<(), DriverError> {
        Ok(())
    }

    async fn restore_boot_device(&self, _: &Task, _: BootDevice, _: &BootOverride) -> Result<(), DriverError> {
        Ok(())
    }
}
