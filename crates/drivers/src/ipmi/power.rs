//! The power interface over IPMI.

use std::{sync::Arc, time::Duration};

use assay_core::power::{PowerState, PowerTarget};
use async_trait::async_trait;

use super::{
    bmc::{Bmc, Bmcs},
    info::{DriverInfo, PROPERTIES},
};
use crate::{
    error::DriverError,
    interface::{PowerInterface, Property, Task},
    power_wait::PowerWait,
};

/// The power interface named `ipmitool`.
pub struct IpmiPower {
    pub(super) bmcs: Arc<Bmcs>,
}

#[async_trait]
impl PowerInterface for IpmiPower {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn validate(&self, task: &Task) -> Result<(), DriverError> {
        DriverInfo::parse(&task.node).map(drop)
    }

    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError> {
        power(&self.bmcs.of(task).await?).await
    }

    async fn set_power_state(
        &self,
        task: &Task,
        target: PowerTarget,
        patience: Option<Duration>,
    ) -> Result<(), DriverError> {
        let bmc = self.bmcs.of(task).await?;
        let quick = patience.unwrap_or(bmc.config.power_state_change_timeout);
        let patient = patience.unwrap_or(bmc.config.soft_power_off_timeout);
        match target {
            PowerTarget::On => bring(&bmc, PowerState::On, "on", quick).await,
            PowerTarget::Off => bring(&bmc, PowerState::Off, "off", quick).await,
            PowerTarget::SoftOff => bring(&bmc, PowerState::Off, "soft", patient).await,
            PowerTarget::Reboot if task.node.disable_power_off => reset(&bmc, quick).await,
            PowerTarget::SoftReboot if task.node.disable_power_off => {
                Err(DriverError::UnsupportedDriverExtension(format!(
                    "Node {} must not be powered off, and IPMI has no soft restart without it: ask for 'rebooting'",
                    task.node.id
                )))
            }
            PowerTarget::Reboot | PowerTarget::SoftReboot => {
                let (how, patience) = if target == PowerTarget::Reboot { ("off", quick) } else { ("soft", patient) };
                bring(&bmc, PowerState::Off, how, patience).await?;
                bring(&bmc, PowerState::On, "on", quick).await
            }
        }
    }
}

const STATUS: [&str; 3] = ["chassis", "power", "status"];

async fn power(bmc: &Bmc<'_>) -> Result<PowerState, DriverError> {
    let answer = bmc.read(&STATUS).await?;
    match answer.trim() {
        "Chassis Power is on" => Ok(PowerState::On),
        "Chassis Power is off" => Ok(PowerState::Off),
        _ => Err(bmc.nonsense(&STATUS, &answer).into()),
    }
}

/// Brings the machine to `wanted`, unless it is there, and waits until the BMC shows it. A BMC that fails although the state
/// is right afterwards has done its duty.
async fn bring(bmc: &Bmc<'_>, wanted: PowerState, how: &str, patience: Duration) -> Result<(), DriverError> {
    if power(bmc).await? == wanted {
        return Ok(());
    }
    if let Err(error) = bmc.write(&["chassis", "power", how]).await
        && power(bmc).await != Ok(wanted)
    {
        return Err(error.into());
    }
    wait_for(bmc, wanted, patience).await
}

/// Restarts without passing through off, for nodes that must not be powered off.
async fn reset(bmc: &Bmc<'_>, patience: Duration) -> Result<(), DriverError> {
    if power(bmc).await? == PowerState::Off {
        return bring(bmc, PowerState::On, "on", patience).await;
    }
    bmc.write(&["chassis", "power", "reset"]).await?;
    wait_for(bmc, PowerState::On, patience).await
}

/// Waits until the BMC shows `wanted`. Failed reads in between are borne.
async fn wait_for(bmc: &Bmc<'_>, wanted: PowerState, patience: Duration) -> Result<(), DriverError> {
    let mut wait = PowerWait::begin(format!("IPMI BMC {}", bmc.info.address), wanted, patience);
    loop {
        let seen = power(bmc).await;
        if seen == Ok(wanted) {
            return Ok(());
        }
        wait.next(seen).await?;
    }
}
