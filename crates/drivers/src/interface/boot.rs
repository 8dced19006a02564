//! Booting the ramdisk.

use assay_core::{boot::BootRecord, kernel::KernelParams, power::BootDevice, secret::Secret};
use async_trait::async_trait;

use super::{Property, Task};
use crate::error::DriverError;

/// How the ramdisk is booted (seed: "Extend the `BootInterface`").
#[async_trait]
pub trait BootInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Whether the node has what booting a ramdisk takes: the `boot` row of
    /// `GET /v1/nodes/<id>/validate`.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    async fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// Whether the node has what booting an inspection ramdisk takes.
    ///
    /// # Errors
    /// Unsupported when parameters are absent (so that the caller falls back); invalid ones.
    async fn validate_inspection(&self, task: &Task) -> Result<(), DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "validate_inspection"))
    }

    /// Brings kernel and ramdisk into the cache: slow, fails most, and touches no machine.
    ///
    /// # Errors
    /// [`DriverError::Image`].
    async fn check_images(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// What [`prepare_ramdisk`](Self::prepare_ramdisk) would return, but for the images: it fetches
    /// none, so that everything else about the answers can be checked at any time.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError>;

    /// What the boot listeners shall answer to the node's NICs. `params` are the kernel parameters
    /// of this run; where the ramdisk reports to is the caller's to add. Rendering happens when a
    /// NIC asks.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError>;

    /// Takes back what [`prepare_ramdisk`](Self::prepare_ramdisk) did beyond the record that it returned.
    ///
    /// # Errors
    /// Whatever the means of booting answers.
    async fn clean_up_ramdisk(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// Whether the node boots from a disc that its BMC is given.
    fn boots_from_media(&self) -> bool {
        false
    }

    /// Puts the disc at `url` into the machine; a single request. `url` holds a secret.
    ///
    /// # Errors
    /// Invalid where the BMC has no drive for it; [`DriverError::Bmc`].
    async fn insert_media(&self, _task: &Task, _url: &Secret) -> Result<(), DriverError> {
        Ok(())
    }

    /// Takes the disc at `url` out again, and no other; absent is well.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn eject_media(&self, _task: &Task, _url: &Secret) -> Result<(), DriverError> {
        Ok(())
    }

    /// The device that the node is told to boot from, once.
    fn boot_device(&self) -> Option<BootDevice> {
        Some(BootDevice::Pxe)
    }
}
