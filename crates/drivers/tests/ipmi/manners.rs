//! Power and boot device through an ipmitool of all manners.

use std::time::Duration;

use assay_core::{
    power::{BootDevice, BootOverride, PowerState, PowerTarget},
    secret::Secret,
};
use assay_drivers::{
    DriverError,
    interface::{ManagementInterface, PowerInterface},
};
use serde_json::json;

use crate::{
    node,
    rude::{MACHINE, Rude},
};

#[tokio::test]
async fn s13_password_and_key_are_on_no_command_line() {
    let tool = Rude::new(MACHINE);
    let mut task = node(&json!({"ipmi_address": "bmc", "ipmi_cipher_suite": 17}));
    task.node.secrets.insert("ipmi_hex_kg_key".to_owned(), Secret::new(format!("ff41{}", "0".repeat(36))));
    tool.interfaces(|_| {}).0.get_power_state(&task).await.unwrap();
    let [arguments, password, key] = tool.calls().remove(0);
    assert_eq!(
        arguments,
        "-I lanplus -H bmc -p 623 -L ADMINISTRATOR -U admin -R 1 -N 5 -f /dev/stdin -C 17 -K chassis power status"
    );
    assert_eq!((password.as_str(), key.trim()), ("hunter2", "ff 41"));
}

#[tokio::test]
async fn power_is_written_only_when_it_has_to_change_and_is_awaited() {
    let tool = Rude::new(MACHINE);
    let (power, _) = tool.interfaces(|_| {});
    let task = node(&json!({"ipmi_address": "bmc"}));
    power.set_power_state(&task, PowerTarget::Off, None).await.unwrap();
    assert_eq!(tool.commands(), ["chassis power status"]);
    power.set_power_state(&task, PowerTarget::On, None).await.unwrap();
    assert_eq!(tool.commands()[1..], ["chassis power status", "chassis power on", "chassis power status"]);
    power.set_power_state(&task, PowerTarget::SoftReboot, None).await.unwrap();
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::On));
    assert!(tool.commands().contains(&"chassis power soft".to_owned()));
}

#[tokio::test]
async fn a_node_that_must_not_be_off_is_reset_or_left_alone() {
    let tool = Rude::new(MACHINE);
    let (power, _) = tool.interfaces(|_| {});
    let mut task = node(&json!({"ipmi_address": "bmc"}));
    power.set_power_state(&task, PowerTarget::On, None).await.unwrap();
    task.node.disable_power_off = true;
    power.set_power_state(&task, PowerTarget::Reboot, None).await.unwrap();
    let refusal = power.set_power_state(&task, PowerTarget::SoftReboot, None).await.unwrap_err();
    assert!(refusal.is_callers_fault(), "{refusal}");
    let commands = tool.commands();
    assert!(commands.contains(&"chassis power reset".to_owned()));
    assert!(!commands.iter().any(|command| command.ends_with("off") || command.ends_with("soft")), "{commands:?}");
}

#[tokio::test]
async fn a_boot_device_is_set_for_one_boot_in_the_nodes_mode_and_taken_back() {
    let tool = Rude::new(MACHINE);
    let (_, management) = tool.interfaces(|_| {});
    let mut task = node(&json!({"ipmi_address": "bmc"}));
    task.node.properties.insert("capabilities".to_owned(), json!("boot_mode:uefi"));
    let former = management.get_boot_device(&task).await.unwrap();
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    let held = management.get_boot_device(&task).await.unwrap();
    assert_eq!(held, BootOverride { device: Some(BootDevice::Pxe), persistent: false });
    management.restore_boot_device(&task, BootDevice::Pxe, &former).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), former);
    let commands = tool.commands();
    let writes: Vec<_> = commands.iter().filter(|command| command.starts_with("raw 0x00 0x08")).collect();
    assert_eq!(
        writes,
        [
            "raw 0x00 0x08 0x03 0x08",
            "raw 0x00 0x08 0x05 0xa0 0x04 0x00 0x00 0x00",
            "raw 0x00 0x08 0x05 0x00 0x00 0x00 0x00 0x00"
        ]
    );
}

#[tokio::test]
async fn a_device_that_somebody_else_has_set_is_left_alone_and_a_displaced_one_comes_back() {
    let tool = Rude::new(MACHINE);
    let (_, management) = tool.interfaces(|_| {});
    let task = node(&json!({"ipmi_address": "bmc"}));
    let (nothing, disk) = (None, Some(BootDevice::Disk));
    let disk = BootOverride { device: disk, persistent: true };
    management.set_boot_device(&task, BootDevice::Disk, true).await.unwrap();
    let none = BootOverride { device: nothing, persistent: false };
    management.restore_boot_device(&task, BootDevice::Pxe, &none).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), disk);
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    management.restore_boot_device(&task, BootDevice::Pxe, &disk).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), disk);
}

#[tokio::test]
async fn a_bmc_that_forgets_nothing_gets_the_former_device_or_is_told_of() {
    let stubborn = MACHINE.replace("set -- $command;", "set -- $command; [ $6 = 0x00 ] && exit;");
    let tool = Rude::new(&stubborn);
    let (_, management) = tool.interfaces(|_| {});
    let task = node(&json!({"ipmi_address": "bmc"}));
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    let none = BootOverride { device: None, persistent: false };
    let error = management.restore_boot_device(&task, BootDevice::Pxe, &none).await.unwrap_err();
    assert!(error.to_string().contains("still holds its last one"), "{error}");
    let disk = BootOverride { device: Some(BootDevice::Disk), persistent: false };
    management.restore_boot_device(&task, BootDevice::Pxe, &disk).await.unwrap();
    assert_eq!(management.get_boot_device(&task).await.unwrap(), disk);
}

#[tokio::test]
async fn cipher_suites_are_tried_the_last_one_first_and_what_worked_is_remembered() {
    let tool = Rude::new(&format!(
        "grep -q -e '-C 3 ' $folder/calls || {{ echo 'Error in open session response message : invalid authentication \
         algorithm' >&2; exit 1; }}\n{MACHINE}"
    ));
    let (power, _) = tool.interfaces(|config| config.cipher_suites = vec![3, 8, 17]);
    let task = node(&json!({"ipmi_address": "bmc"}));
    power.get_power_state(&task).await.unwrap();
    power.get_power_state(&task).await.unwrap();
    let suite = |arguments: &str| arguments.split(" -C ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(tool.calls().iter().map(|[arguments, ..]| suite(arguments)).collect::<Vec<_>>(), ["17", "8", "3", "3"]);
}

#[tokio::test]
async fn s1_only_what_may_have_landed_is_in_doubt_and_it_is_not_sent_twice() {
    let off = "[ \"$command\" = 'chassis power status' ] && { echo 'Chassis Power is off'; exit; }\n";
    for (fails_with, doubt, least) in [
        ("Unable to set Chassis Power Control to Up/On", true, 1),
        ("Set Chassis Power Control to Up/On failed: Command not supported in present state", false, 1),
        ("Error: Unable to establish IPMI v2 / RMCP+ session", false, 2),
    ] {
        let tool = Rude::new(&format!("{off}echo '{fails_with}' >&2; exit 1"));
        let (power, _) = tool.interfaces(|_| {});
        let task = node(&json!({"ipmi_address": "bmc"}));
        let error = power.set_power_state(&task, PowerTarget::On, None).await.unwrap_err();
        assert_eq!(error.maybe_happened(), doubt, "{error}");
        let sent = tool.commands().iter().filter(|command| *command == "chassis power on").count();
        assert!(if least == 1 { sent == 1 } else { sent >= least }, "{fails_with}: {sent} times");
        assert!(error.to_string().contains(&format!("IPMI BMC bmc: chassis power on: {fails_with}")), "{error}");
    }
}

#[tokio::test]
async fn s6_an_ipmitool_that_hangs_is_killed_and_its_write_is_in_doubt() {
    let off = "[ \"$command\" = 'chassis power status' ] && { echo 'Chassis Power is off'; exit; }\n";
    let tool = Rude::new(&format!("{off}echo $$ > $folder/pid; exec sleep 60"));
    let (power, _) = tool.interfaces(|config| config.call_timeout = Duration::from_millis(800));
    let error = power.set_power_state(&node(&json!({"ipmi_address": "bmc"})), PowerTarget::On, None).await.unwrap_err();
    assert!(error.maybe_happened() && error.to_string().contains("no answer within"), "{error}");
    let pid = tool.read("pid");
    for _ in 0..100 {
        if !std::path::Path::new(&format!("/proc/{}", pid.trim())).exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("ipmitool {pid} still runs");
}

#[tokio::test]
async fn a_read_is_tried_again_and_one_bmc_is_asked_one_thing_at_a_time() {
    let tool = Rude::new(&format!(
        "[ -e $folder/asked ] && [ -e $folder/busy ] && echo two >> $folder/both\ntouch $folder/busy\nsleep 0.1\nrm -f $folder/busy\n\
         [ -e $folder/asked ] || {{ touch $folder/asked; echo 'Node busy' >&2; exit 1; }}\n{MACHINE}"
    ));
    let (power, _) = tool.interfaces(|_| {});
    let task = node(&json!({"ipmi_address": "bmc"}));
    let (one, two) = tokio::join!(power.get_power_state(&task), power.get_power_state(&task));
    assert_eq!((one, two), (Ok(PowerState::Off), Ok(PowerState::Off)));
    assert_eq!(tool.commands().len(), 3);
    assert_eq!(tool.read("both"), "");
}

#[tokio::test]
async fn a_conductor_without_ipmitool_says_so() {
    let tool = Rude::new(MACHINE);
    let (power, _) = tool.interfaces(|config| config.tool = "/nonexistent/ipmitool".into());
    let error = power.get_power_state(&node(&json!({"ipmi_address": "bmc"}))).await.unwrap_err();
    assert!(error.to_string().ends_with("is not installed on this conductor: install the package ipmitool"), "{error}");
    assert!(matches!(error, DriverError::Bmc(_)));
}
