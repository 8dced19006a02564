//! The same interfaces against the real sushy-tools emulator, started by `cargo xtask test bmc`.

use std::time::Duration;

use assay_core::power::{BootDevice, BootOverride, PowerState, PowerTarget};
use assay_drivers::{
    interface::{ManagementInterface, PowerInterface, Task},
    redfish::{RedfishConfig, RedfishManagement, RedfishPower, interfaces},
};

use crate::{node_at, node_with_account};

/// The interfaces, and a node of the emulator whose URL `variable` holds.
fn emulator(variable: &str, node: fn(&str) -> Task) -> (RedfishPower, RedfishManagement, Task) {
    let address = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must hold an emulator's URL"));
    let (power, management, _) =
        interfaces(RedfishConfig { power_state_change_timeout: Duration::from_secs(30), ..RedfishConfig::default() });
    (power, management, node(&address))
}

/// What every inspection does: off, a look at the override, PXE once, on, off, override restored.
async fn walk((power, management, task): (RedfishPower, RedfishManagement, Task)) {
    power.set_power_state(&task, PowerTarget::Off, None).await.unwrap();
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::Off));
    let former = management.get_boot_device(&task).await.unwrap();
    assert!(management.get_supported_boot_devices(&task).await.unwrap().contains(&BootDevice::Pxe));
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap().device, Some(BootDevice::Pxe));
    power.set_power_state(&task, PowerTarget::On, None).await.unwrap();
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::On));
    power.set_power_state(&task, PowerTarget::Reboot, None).await.unwrap();
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::On));
    power.set_power_state(&task, PowerTarget::Off, None).await.unwrap();
    management.restore_boot_device(&task, BootDevice::Pxe, &former).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), former);
    assert!(!management.get_mac_addresses(&task).await.unwrap().is_empty());
    assert!(management.get_boot_mode(&task).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs sushy-emulator --fake at ASSAY_TEST_REDFISH_FAKE"]
async fn sushy_tools_fake_driver_does_what_an_inspection_asks() {
    walk(emulator("ASSAY_TEST_REDFISH_FAKE", node_at)).await;
}

#[tokio::test]
#[ignore = "needs sushy-emulator over libvirt, with the account admin, at ASSAY_TEST_REDFISH_LIBVIRT"]
async fn sushy_tools_libvirt_driver_does_what_an_inspection_asks() {
    walk(emulator("ASSAY_TEST_REDFISH_LIBVIRT", node_with_account)).await;
}

#[tokio::test]
#[ignore = "needs sushy-emulator --fake at ASSAY_TEST_REDFISH_FAKE"]
async fn s1_a_bmc_without_a_way_to_disable_an_override_still_loses_ours() {
    let (_, management, task) = emulator("ASSAY_TEST_REDFISH_FAKE", node_at);
    let disk = BootOverride { device: Some(BootDevice::Disk), persistent: true };
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    management.restore_boot_device(&task, BootDevice::Pxe, &disk).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), disk);
}
