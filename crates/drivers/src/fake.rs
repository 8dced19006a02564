//! A BMC that exists only in memory, for the `fake-hardware` type: it does what a real one would,
//! so that the conductor's reads find what its writes did.

use std::{
    collections::HashMap,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use assay_core::{
    id::NodeId,
    power::{BootDevice, BootMode, BootOverride, PowerState, PowerTarget},
};
use async_trait::async_trait;

use crate::{
    error::DriverError,
    interface::{ManagementInterface, PowerInterface, Task},
};

/// How long a fake operation takes, as `[fake]*_delay` gives it: `5`, or `1,10` for anything between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

/// The text is neither a number of seconds nor two of them in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected seconds as \"5\" or a range as \"1,10\", not \"{0}\"")]
pub struct InvalidDelay(pub String);

impl FromStr for Delay {
    type Err = InvalidDelay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = |part: &str| part.trim().parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
        let (least, most) = text.split_once(',').unwrap_or((text, text));
        match (seconds(least), seconds(most)) {
            (Some(least), Some(most)) if least <= most => Ok(Self { least, most }),
            _ => Err(InvalidDelay(text.to_owned())),
        }
    }
}

impl Delay {
    /// Lets the time pass.
    pub async fn pass(self) {
        if !self.most.is_zero() {
            tokio::time::sleep(rand::random_range(self.least..=self.most)).await;
        }
    }
}

/// How long the fake interfaces pretend to work.
#[derive(Clone, Copy, Debug, Default)]
pub struct FakeConfig {
    /// `[fake]power_delay`.
    pub power_delay: Delay,
    /// `[fake]management_delay`.
    pub management_delay: Delay,
    /// `[fake]boot_delay`.
    pub boot_delay: Delay,
}

/// What one pretended machine is set to.
struct Machine {
    power: PowerState,
    boot: BootOverride,
}

/// The power and management interfaces named `fake`, which must be one and the same object.
#[derive(Default)]
pub struct FakeBmc {
    config: FakeConfig,
    machines: Mutex<HashMap<NodeId, Machine>>,
}

impl From<FakeConfig> for FakeBmc {
    fn from(config: FakeConfig) -> Self {
        Self { config, machines: Mutex::default() }
    }
}

impl FakeBmc {
    /// Looks at the task's machine. One that was never seen is as the database remembers it, since
    /// this memory does not outlive the process.
    fn with_machine<T>(&self, task: &Task, look: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machines: MutexGuard<'_, _> = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        look(machines.entry(task.node.id).or_insert_with(|| Machine {
            power: task.node.power_state.unwrap_or(PowerState::Off),
            boot: BootOverride { device: None, persistent: false },
        }))
    }
}

#[async_trait]
impl PowerInterface for FakeBmc {
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError> {
        Ok(self.with_machine(task, |machine| machine.power))
    }

    async fn set_power_state(&self, task: &Task, target: PowerTarget, _: Option<Duration>) -> Result<(), DriverError> {
        self.config.power_delay.pass().await;
        self.with_machine(task, |machine| {
            let boots = machine.power == PowerState::Off || target != PowerTarget::On;
            machine.power = target.end_state();
            if boots && machine.power == PowerState::On && !machine.boot.persistent {
                machine.boot.device = None;
            }
        });
        Ok(())
    }
}

#[async_trait]
impl ManagementInterface for FakeBmc {
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    async fn get_supported_boot_devices(&self, _task: &Task) -> Result<Vec<BootDevice>, DriverError> {
        Ok(BootDevice::ALL.to_vec())
    }

    async fn get_boot_device(&self, task: &Task) -> Result<BootOverride, DriverError> {
        Ok(self.with_machine(task, |machine| machine.boot.clone()))
    }

    async fn set_boot_device(&self, task: &Task, device: BootDevice, persistent: bool) -> Result<(), DriverError> {
        self.config.management_delay.pass().await;
        self.with_machine(task, |machine| machine.boot = BootOverride { device: Some(device), persistent });
        Ok(())
    }

    async fn restore_boot_device(
        &self,
        task: &Task,
        ours: BootDevice,
        former: &BootOverride,
    ) -> Result<(), DriverError> {
        let displaced = former.device.filter(|_| former.persistent);
        self.with_machine(task, |machine| {
            if machine.boot.device.is_none_or(|device| device == ours) {
                machine.boot = BootOverride { device: displaced, persistent: displaced.is_some() };
            }
        });
        Ok(())
    }

    async fn get_boot_mode(&self, task: &Task) -> Result<Option<BootMode>, DriverError> {
        Ok(task.node.boot_mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;

    #[test]
    fn a_delay_is_seconds_or_a_range_in_order() {
        let delay = |least, most| Delay { least: Duration::from_secs_f64(least), most: Duration::from_secs_f64(most) };
        assert_eq!("0".parse(), Ok(delay(0.0, 0.0)));
        assert_eq!("1, 2.5".parse(), Ok(delay(1.0, 2.5)));
        for text in ["", "-1", "2,1", "1,2,3", "soon", "inf"] {
            assert_eq!(text.parse::<Delay>(), Err(InvalidDelay(text.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_one_time_boot_device_is_gone_after_the_boot_it_was_for() {
        let (bmc, task) = (FakeBmc::default(), task("fake-hardware"));
        bmc.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
        assert_eq!(bmc.get_boot_device(&task).await.unwrap().device, Some(BootDevice::Pxe));
        bmc.set_power_state(&task, PowerTarget::On, None).await.unwrap();
        assert_eq!(bmc.get_power_state(&task).await, Ok(PowerState::On));
        assert_eq!(bmc.get_boot_device(&task).await.unwrap().device, None);
    }

    #[tokio::test]
    async fn a_boot_device_that_someone_else_set_is_left_alone() {
        let (bmc, task) = (FakeBmc::default(), task("fake-hardware"));
        bmc.set_boot_device(&task, BootDevice::Disk, true).await.unwrap();
        let former = BootOverride { device: None, persistent: false };
        bmc.restore_boot_device(&task, BootDevice::Pxe, &former).await.unwrap();
        assert_eq!(bmc.get_boot_device(&task).await.unwrap().device, Some(BootDevice::Disk));
    }
}
