//! The boot interfaces over the network, `ipxe`, `pxe` and `http-ipxe`: they differ in their chain of loaders only.

use assay_core::{
    boot::{BootChain, BootRecord},
    kernel::KernelParams,
    power::{BootDevice, BootMode},
};
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
        if self.0.chain == BootChain::HttpIpxe && self.0.boot_mode(task)? == BootMode::Bios {
            return invalid(format!(
                "Node {} boots in BIOS mode, which has no HTTP boot: set boot_mode:uefi in its capabilities, or boot it by ipxe.",
                task.node.id
            ));
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

    fn boot_device(&self) -> Option<BootDevice> {
        Some(if self.0.chain == BootChain::HttpIpxe { BootDevice::UefiHttp } else { BootDevice::Pxe })
    }

    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        self.0.draft(task, task.boot_macs(), params)
    }
}

#[cfg(test)]
#[path = "network_boot_tests.rs"]
mod tests;
