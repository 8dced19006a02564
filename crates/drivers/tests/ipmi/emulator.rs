//! The same interfaces through the real ipmitool, against real BMC emulators, started by `cargo xtask test bmc`.

use std::time::Duration;

use assay_core::power::{BootDevice, PowerState, PowerTarget};
use assay_drivers::{
    interface::{ManagementInterface, PowerInterface, Task},
    ipmi::{IpmiConfig, IpmiManagement, IpmiPower, interfaces},
};
use serde_json::json;

use crate::node;

/// The interfaces, and a node of the emulator at the address and UDP port that `variable` holds.
fn emulator(variable: &str, suites: &[u8]) -> (IpmiPower, IpmiManagement, Task) {
    let place =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must hold an emulator's address and port"));
    let (address, port) = place.split_once(':').unwrap();
    let (power, management) = interfaces(IpmiConfig {
        call_timeout: Duration::from_secs(10),
        min_command_interval: Duration::ZERO,
        power_state_change_timeout: Duration::from_secs(30),
        cipher_suites: suites.to_vec(),
        ..IpmiConfig::default()
    });
    (power, management, node(&json!({"ipmi_address": address, "ipmi_port": port})))
}

/// What every inspection does: off, a look at the override, PXE once, on, off, override restored.
async fn walk((power, management, task): &(IpmiPower, IpmiManagement, Task)) {
    power.set_power_state(task, PowerTarget::Off, None).await.unwrap();
    assert_eq!(power.get_power_state(task).await, Ok(PowerState::Off));
    let former = management.get_boot_device(task).await.unwrap();
    management.set_boot_device(task, BootDevice::Pxe, false).await.unwrap();
    assert_eq!(management.get_boot_device(task).await.unwrap().device, Some(BootDevice::Pxe));
    power.set_power_state(task, PowerTarget::On, None).await.unwrap();
    assert_eq!(power.get_power_state(task).await, Ok(PowerState::On));
    power.set_power_state(task, PowerTarget::Reboot, None).await.unwrap();
    power.set_power_state(task, PowerTarget::Off, None).await.unwrap();
    management.restore_boot_device(task, BootDevice::Pxe, &former).await.unwrap();
    let after = management.get_boot_device(task).await.unwrap();
    assert!(after == former || after.device.is_none(), "{after:?}, formerly {former:?}");
}

/// What a wrong password gets.
async fn is_refused((power, _, task): &(IpmiPower, IpmiManagement, Task)) {
    let mut task = task.clone();
    task.node.secrets.insert("ipmi_password".to_owned(), assay_core::secret::Secret::new("wrong".to_owned()));
    let error = power.get_power_state(&task).await.unwrap_err().to_string();
    assert!(error.contains("ipmi_password") && !error.contains("wrong"), "{error}");
}

#[tokio::test]
#[ignore = "needs ipmi_sim at ASSAY_TEST_IPMI_SIM"]
async fn ipmi_sim_does_what_an_inspection_asks_with_the_suite_that_it_takes() {
    let emulator = emulator("ASSAY_TEST_IPMI_SIM", &[3, 17]);
    walk(&emulator).await;
    is_refused(&emulator).await;
}

#[tokio::test]
#[ignore = "needs vbmcd with a machine at ASSAY_TEST_IPMI_VIRTUALBMC"]
async fn virtualbmc_does_what_an_inspection_asks() {
    let emulator = emulator("ASSAY_TEST_IPMI_VIRTUALBMC", &[3]);
    walk(&emulator).await;
    is_refused(&emulator).await;
}
