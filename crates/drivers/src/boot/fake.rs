//! The `fake` boot interface, and `fake-managed`, with which a simulated machine is inspected.

use assay_core::{
    boot::{BootRecord, Callback, DhcpProvider},
    kernel::KernelParams,
    power::{BootDevice, BootMode},
};
use async_trait::async_trait;

use crate::{
    error::DriverError,
    fake::Delay,
    interface::{BootInterface, Task},
};

/// Boots nothing. It has no `validate_inspection`, so an inspection falls back to unmanaged boot.
pub struct FakeBoot {
    /// How long it pretends to work.
    pub delay: Delay,
}

#[async_trait]
impl BootInterface for FakeBoot {
    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        self.delay.pass().await;
        self.draft_record(task, params)
    }

    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        Ok(record(task, params))
    }

    async fn clean_up_ramdisk(&self, _task: &Task) -> Result<(), DriverError> {
        self.delay.pass().await;
        Ok(())
    }

    fn boot_device(&self) -> Option<BootDevice> {
        None
    }
}

/// Boot that is managed but has no images: the boot script is served, and a simulated machine
/// reads the callback from it.
pub struct FakeManagedBoot {
    /// How long it pretends to work.
    pub delay: Delay,
}

#[async_trait]
impl BootInterface for FakeManagedBoot {
    async fn validate_inspection(&self, task: &Task) -> Result<(), DriverError> {
        if task.ports.is_empty() {
            return Err(DriverError::no_ports(task.node.id).insufficient());
        }
        Ok(())
    }

    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        self.delay.pass().await;
        self.draft_record(task, params)
    }

    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError> {
        Ok(record(task, params))
    }

    async fn clean_up_ramdisk(&self, _task: &Task) -> Result<(), DriverError> {
        self.delay.pass().await;
        Ok(())
    }
}

/// A record whose images nobody can fetch. The caller fills in where the ramdisk reports to.
fn record(task: &Task, params: &KernelParams) -> BootRecord {
    BootRecord {
        node: task.node.id,
        macs: task.boot_macs(),
        chain: assay_core::boot::BootChain::Ipxe,
        cpu_arch: None,
        boot_mode: task.node.boot_mode.unwrap_or(BootMode::Uefi),
        kernel: "fake".to_owned(),
        ramdisk: "fake".to_owned(),
        params: params.clone(),
        callback: Callback::Own(Vec::new()),
        dhcp: DhcpProvider::Own,
        addresses: Vec::new(),
    }
}
