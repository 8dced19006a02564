//! The boot interface `redfish-virtual-media`: the BMC gives the machine a disc, and the network is
//! not booted from. There is no fall-back: a node that asks for a disc can't use somebody's PXE.

use assay_core::{boot::BootRecord, kernel::KernelParams, power::BootDevice, secret::Secret};
use async_trait::async_trait;

use super::ramdisk_boot::{PROPERTIES, RamdiskBoot};
use crate::{
    error::DriverError,
    interface::{BootInterface, Property, Task},
    redfish::VirtualMedia,
};

/// The boot interface named `redfish-virtual-media`.
pub struct VirtualMediaBoot {
    /// Images and kernel line.
    pub ramdisk: RamdiskBoot,
    /// The drives of the BMC.
    pub media: VirtualMedia,
}

#[async_trait]
impl BootInterface for VirtualMediaBoot {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    async fn validate(&self, task: &Task) -> Result<(), DriverError> {
        self.media.validate(task)?;
        self.ramdisk.validate(task).await
    }

    async fn validate_inspection(&self, task: &Task) -> Result<(), DriverError> {
        self.validate(task).await
    }

    async fn check_images(&self, task: &Task) -> Result<(), DriverError> {
        self.ramdisk.fetch(task).await.map(drop)
    }

    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        let draft = self.draft_record(task, params)?;
        let (kernel, ramdisk) = self.ramdisk.fetch(task).await?;
        Ok(BootRecord { kernel, ramdisk, ..draft })
    }

    /// Every NIC may be the one that the running ramdisk gets its address by.
    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        self.ramdisk.draft(task, task.ports.iter().map(|port| port.address).collect(), params)
    }

    fn boot_device(&self) -> Option<BootDevice> {
        Some(BootDevice::Cdrom)
    }

    fn boots_from_media(&self) -> bool {
        true
    }

    async fn insert_media(&self, task: &Task, url: &Secret) -> Result<(), DriverError> {
        self.media.insert(task, url).await
    }

    async fn eject_media(&self, task: &Task, url: &Secret) -> Result<(), DriverError> {
        self.media.eject(task, url).await
    }
}
