//! The boot interfaces over the network, `ipxe` and `pxe`: they differ in their chain of loaders only.

use assay_core::{boot::BootRecord, kernel::KernelParams};
use async_trait::async_trait;

use super::ramdisk_boot::{PROPERTIES, RamdiskBoot, invalid};
use crate::{
    error::DriverError,
    interface::{BootInterface, Property, Task},
};

/// The boot interface that is named as its chain.
pub struct NetworkBoot(pub RamdiskBoot);

#[async_trait]
impl BootInterface for NetworkBoot {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    async fn validate(&self, task: &Task) -> Result<(), DriverError> {
        if task.ports.is_empty() {
            return Err(DriverError::no_ports(task.node.id));
        }
        if task.boot_macs().is_empty() {
            return invalid(format!("No available PXE-enabled ports on node {}.", task.node.id));
        }
        self.0.validate(task).await
    }

    async fn validate_inspection(&self, task: &Task) -> Result<(), DriverError> {
        self.validate(task).await.map_err(DriverError::insufficient)
    }

    async fn check_images(&self, task: &Task) -> Result<(), DriverError> {
        self.0.fetch(task).await.map(drop)
    }

    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        let draft = self.draft_record(task, params)?;
        let (kernel, ramdisk) = self.0.fetch(task).await?;
        Ok(BootRecord { kernel, ramdisk, ..draft })
    }

    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        self.0.draft(task, task.boot_macs(), params)
    }
}

#[cfg(test)]
#[path = "network_boot_tests.rs"]
mod tests;
