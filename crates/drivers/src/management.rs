//! The `noop` management interface, for which boot order is the operator's own business; and what the others have in common.

use assay_core::power::{BootDevice, BootOverride};
use async_trait::async_trait;

use crate::{
    error::DriverError,
    interface::{ManagementInterface, Task},
};

/// Accepts every boot device and sets none, for machines that boot from the network anyway.
pub struct NoopManagement;

/// What it takes to take our boot device back; `T` is how the BMC is told a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restoration<T> {
    /// Nothing: it is gone, or somebody has set another one since.
    Nothing,
    /// The device that was there for good before the run is set for good again.
    Put(T),
    /// No override is left.
    Clear,
}

impl<T> Restoration<T> {
    /// By what the BMC holds `now`, what we have set, and what it held before; `displaced` is the device that we took the place of,
    /// where the BMC can be told it.
    pub(crate) fn of(now: &BootOverride, ours: BootDevice, former: &BootOverride, displaced: Option<T>) -> Self {
        match (now.device, displaced) {
            (Some(device), _) if device != ours => Self::Nothing,
            (_, Some(device)) if now != former => Self::Put(device),
            (None, _) | (_, Some(_)) => Self::Nothing,
            (Some(_), None) => Self::Clear,
        }
    }
}

/// The device that a BMC boots from for good.
pub(crate) fn lasting(held: &BootOverride) -> Option<BootDevice> {
    held.device.filter(|_| held.persistent)
}

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
