//! The management interface over IPMI.

use std::{sync::Arc, time::Duration};

use assay_core::power::{BootDevice, BootMode, BootOverride};
use async_trait::async_trait;

use super::{
    bmc::{Bmc, Bmcs},
    boot_flags,
    info::{DriverInfo, PROPERTIES},
};
use crate::{
    boot::boot_mode,
    error::DriverError,
    interface::{ManagementInterface, Property, Task},
    management::{Restoration, lasting},
};

/// The management interface named `ipmitool`.
pub struct IpmiManagement {
    pub(super) bmcs: Arc<Bmcs>,
}

#[async_trait]
impl ManagementInterface for IpmiManagement {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn validate(&self, task: &Task) -> Result<(), DriverError> {
        DriverInfo::parse(&task.node).map(drop)
    }

    async fn get_supported_boot_devices(&self, _task: &Task) -> Result<Vec<BootDevice>, DriverError> {
        Ok(boot_flags::supported())
    }

    async fn get_boot_device(&self, task: &Task) -> Result<BootOverride, DriverError> {
        held(&self.bmcs.of(task).await?).await
    }

    async fn set_boot_device(&self, task: &Task, device: BootDevice, persistent: bool) -> Result<(), DriverError> {
        let bmc = self.bmcs.of(task).await?;
        let mode = boot_mode(&task.node, bmc.config.default_boot_mode)?;
        if bmc.info.disable_boot_timeout.unwrap_or(bmc.config.disable_boot_timeout)
            && let Err(error) = bmc.write(&boot_flags::KEEP).await
        {
            // Not every BMC has that timer; the boot device itself tells whether this one can be spoken to.
            tracing::warn!(node.id = %task.node.id, %error, "the boot device may be forgotten after a minute");
        }
        set(&bmc, device, persistent, mode).await
    }

    async fn restore_boot_device(
        &self,
        task: &Task,
        ours: BootDevice,
        former: &BootOverride,
    ) -> Result<(), DriverError> {
        let bmc = self.bmcs.of(task).await?;
        let mode = boot_mode(&task.node, bmc.config.default_boot_mode)?;
        let now = held(&bmc).await?;
        match Restoration::of(&now, ours, former, lasting(former)) {
            Restoration::Nothing => Ok(()),
            Restoration::Put(device) => set(&bmc, device, true, mode).await,
            Restoration::Clear => clear(&bmc, &now, former, mode).await,
        }
    }
}

async fn held(bmc: &Bmc<'_>) -> Result<BootOverride, DriverError> {
    let answer = bmc.read(&boot_flags::GET).await?;
    boot_flags::read(&answer).ok_or_else(|| bmc.nonsense(&boot_flags::GET, &answer).into())
}

async fn set(bmc: &Bmc<'_>, device: BootDevice, persistent: bool, mode: BootMode) -> Result<(), DriverError> {
    let raw = boot_flags::set(device, persistent, mode)
        .ok_or_else(|| DriverError::InvalidParameterValue(format!("IPMI has no word for the boot device {device}")))?;
    bmc.write(&raw.each_ref().map(String::as_str)).await?;
    Ok(())
}

/// Leaves no override; where the BMC says so and doesn't, the former device is put back.
async fn clear(bmc: &Bmc<'_>, ours: &BootOverride, former: &BootOverride, mode: BootMode) -> Result<(), DriverError> {
    bmc.write(&boot_flags::clear().each_ref().map(String::as_str)).await?;
    tokio::time::sleep(MOMENT).await;
    match former.device {
        _ if held(bmc).await? != *ours => Ok(()),
        Some(device) => set(bmc, device, false, mode).await,
        None => Err(DriverError::Bmc(format!(
            "IPMI BMC {}: it took the order to hold no boot device, and still holds its last one",
            bmc.info.address
        ))),
    }
}

/// Some BMCs show a change late.
const MOMENT: Duration = Duration::from_millis(200);
