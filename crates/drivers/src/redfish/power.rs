//! The power interface over Redfish.

use std::{sync::Arc, time::Duration};

use assay_core::power::{PowerState, PowerTarget};
use async_trait::async_trait;
use serde_json::json;

use super::{
    client::{Bmc, Clients, Resource},
    info::{DriverInfo, PROPERTIES},
};
use crate::{
    error::DriverError,
    interface::{PowerInterface, Property, Task},
    power_wait::PowerWait,
};

/// The power interface named `redfish`.
pub struct RedfishPower {
    pub(super) clients: Arc<Clients>,
}

#[async_trait]
impl PowerInterface for RedfishPower {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn validate(&self, task: &Task) -> Result<(), DriverError> {
        DriverInfo::parse(&task.node, &self.clients.config).map(drop)
    }

    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError> {
        let bmc = self.clients.begin(task).await?;
        let system = bmc.system().await?;
        Ok(power(&bmc, &system)?.state)
    }

    async fn set_power_state(
        &self,
        task: &Task,
        target: PowerTarget,
        patience: Option<Duration>,
    ) -> Result<(), DriverError> {
        let mut bmc = self.clients.begin(task).await?;
        let config = &self.clients.config;
        let quick = patience.unwrap_or(config.power_state_change_timeout);
        let patient = patience.unwrap_or(config.soft_power_off_timeout);
        match target {
            PowerTarget::On => bring(&mut bmc, PowerState::On, ON, quick).await,
            PowerTarget::Off => bring(&mut bmc, PowerState::Off, OFF, quick).await,
            PowerTarget::SoftOff => bring(&mut bmc, PowerState::Off, SOFT_OFF, patient).await,
            PowerTarget::Reboot | PowerTarget::SoftReboot if task.node.disable_power_off => {
                restart(&mut bmc, target, quick).await
            }
            PowerTarget::Reboot => {
                bring(&mut bmc, PowerState::Off, OFF, quick).await?;
                bmc.renew();
                bring(&mut bmc, PowerState::On, ON, quick).await
            }
            PowerTarget::SoftReboot => {
                bring(&mut bmc, PowerState::Off, SOFT_OFF, patient).await?;
                bmc.renew();
                bring(&mut bmc, PowerState::On, ON, quick).await
            }
        }
    }

    async fn close(&self, within: Duration) {
        self.clients.log_out(within).await;
    }
}

/// Values of `ResetType`, the preferred one first.
type ResetTypes = &'static [&'static str];
const ON: ResetTypes = &["On", "ForceOn"];
const OFF: ResetTypes = &["ForceOff"];
const SOFT_OFF: ResetTypes = &["GracefulShutdown", "PushPowerButton"];
const RESTART: ResetTypes = &["ForceRestart", "PowerCycle", "GracefulRestart"];
const SOFT_RESTART: ResetTypes = &["GracefulRestart", "ForceRestart", "PowerCycle"];

/// What the BMC shows.
struct Power {
    state: PowerState,
    /// Not on its way off: a machine that still runs is not `Off` yet.
    settled: bool,
}

fn power(bmc: &Bmc, system: &Resource) -> Result<Power, DriverError> {
    match system.body["PowerState"].as_str() {
        Some("On" | "PoweringOn") => Ok(Power { state: PowerState::On, settled: true }),
        Some("Off") => Ok(Power { state: PowerState::Off, settled: true }),
        Some("PoweringOff") => Ok(Power { state: PowerState::Off, settled: false }),
        Some(other) => Err(bmc.lacks(system, &format!("unknown PowerState {other:?}"))),
        None => Err(bmc.lacks(system, "no PowerState")),
    }
}

/// Brings the system to `wanted`, unless it is there, and waits until the BMC shows it.
async fn bring(bmc: &mut Bmc, wanted: PowerState, types: ResetTypes, patience: Duration) -> Result<(), DriverError> {
    let system = bmc.system().await?;
    let shown = power(bmc, &system)?;
    if shown.state != wanted {
        reset(bmc, &system, wanted, types).await?;
    } else if shown.settled {
        return Ok(());
    }
    wait_for(bmc, wanted, patience).await
}

/// Restarts without passing through off, for nodes that must not be powered off.
async fn restart(bmc: &mut Bmc, target: PowerTarget, patience: Duration) -> Result<(), DriverError> {
    let system = bmc.system().await?;
    if power(bmc, &system)?.state == PowerState::Off {
        return bring(bmc, PowerState::On, ON, patience).await;
    }
    let types = if target == PowerTarget::Reboot { RESTART } else { SOFT_RESTART };
    let (action, types) = reset_action(bmc, &system, types)?;
    let first = types.first().copied().unwrap_or_default();
    bmc.post(action, &json!({"ResetType": first})).await?;
    wait_for(bmc, PowerState::On, patience).await
}

/// Sends one reset. A BMC that fails although the state is right afterwards has done its duty: a machine
/// may switch itself off in the middle of it. One that refuses the type gets the next.
async fn reset(bmc: &Bmc, system: &Resource, wanted: PowerState, types: ResetTypes) -> Result<(), DriverError> {
    let (action, types) = reset_action(bmc, system, types)?;
    let mut refusal = None;
    for reset_type in types {
        match bmc.post(action, &json!({"ResetType": reset_type})).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let seen = bmc.system_now().await.and_then(|system| power(bmc, &system));
                if seen.is_ok_and(|power| power.state == wanted) {
                    return Ok(());
                }
                if !error.is_refusal() {
                    return Err(error.into());
                }
                refusal = Some(error);
            }
        }
    }
    Err(refusal.map_or_else(|| bmc.lacks(system, "no reset type that would do"), DriverError::from))
}

/// The reset action's link, and those of `types` that it takes; all, where the BMC doesn't tell.
fn reset_action<'a>(
    bmc: &Bmc,
    system: &'a Resource,
    types: ResetTypes,
) -> Result<(&'a str, Vec<&'static str>), DriverError> {
    let action = &system.body["Actions"]["#ComputerSystem.Reset"];
    let link = action["target"].as_str().ok_or_else(|| bmc.lacks(system, "no action to reset the system"))?;
    let Some(allowed) = action["ResetType@Redfish.AllowableValues"].as_array() else {
        return Ok((link, types.to_vec()));
    };
    let usable: Vec<_> = types.iter().copied().filter(|name| allowed.iter().any(|value| value == name)).collect();
    if usable.is_empty() {
        let offered: Vec<_> = allowed.iter().filter_map(|value| value.as_str()).take(16).collect();
        let what = format!("none of the reset types {} is offered, only {}", types.join(", "), offered.join(", "));
        return Err(bmc.lacks(system, &what));
    }
    Ok((link, usable))
}

/// Waits until the BMC shows `wanted`. Failed reads in between are borne: some BMCs restart their
/// web server while the machine changes its power.
async fn wait_for(bmc: &mut Bmc, wanted: PowerState, patience: Duration) -> Result<(), DriverError> {
    let mut wait = PowerWait::begin(format!("Redfish BMC {}", bmc.account.address()), wanted, patience);
    loop {
        bmc.renew_until(wait.deadline);
        let seen = bmc.system_now().await.and_then(|system| power(bmc, &system));
        if seen.as_ref().is_ok_and(|power| power.state == wanted && power.settled) {
            return Ok(());
        }
        wait.next(seen.map(|power| power.state)).await?;
    }
}
