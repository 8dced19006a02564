//! A system's boot override, between the words of Redfish and those of the bare metal API.

use assay_core::power::{BootDevice, BootMode, BootOverride};
use serde_json::{Value, json};

/// `BootSourceOverrideTarget` and the API's name for it (DSP2046, `ComputerSystem`).
const TARGETS: [(&str, BootDevice); 6] = [
    ("Pxe", BootDevice::Pxe),
    ("Hdd", BootDevice::Disk),
    ("Cd", BootDevice::Cdrom),
    ("BiosSetup", BootDevice::Bios),
    ("Floppy", BootDevice::Floppy),
    ("UefiHttp", BootDevice::UefiHttp),
];

/// The word of Redfish for a device; `None` where it has none.
pub fn target(device: BootDevice) -> Option<&'static str> {
    TARGETS.iter().find(|(_, named)| *named == device).map(|(target, _)| *target)
}

/// The devices that a BMC says it can boot from; what nearly all can do where it doesn't say.
pub fn supported(boot: &Value) -> Vec<BootDevice> {
    let listed = boot["BootSourceOverrideTarget@Redfish.AllowableValues"].as_array();
    let offers = |target: &str, device| match listed {
        Some(values) => values.iter().any(|value| value == target),
        None => matches!(device, BootDevice::Pxe | BootDevice::Disk | BootDevice::Cdrom | BootDevice::Bios),
    };
    TARGETS.iter().filter(|(target, device)| offers(target, *device)).map(|(_, device)| *device).collect()
}

/// The override that a BMC holds. A one-time one that was used up is shown as `Disabled` or `None`.
pub fn read(boot: &Value) -> BootOverride {
    let enabled = boot["BootSourceOverrideEnabled"].as_str().unwrap_or("Disabled");
    let shown = boot["BootSourceOverrideTarget"].as_str().filter(|_| enabled != "Disabled");
    let device = TARGETS.iter().find(|(target, _)| Some(*target) == shown).map(|(_, device)| *device);
    BootOverride { device, persistent: device.is_some() && enabled == "Continuous" }
}

/// The firmware's mode, if it is shown.
pub fn mode(boot: &Value) -> Option<BootMode> {
    match boot["BootSourceOverrideMode"].as_str()? {
        "UEFI" => Some(BootMode::Uefi),
        "Legacy" => Some(BootMode::Bios),
        _ => None,
    }
}

/// What to send for no override, in the forms that BMCs take; none where it says that it can't.
pub fn disabled(boot: &Value) -> Vec<Value> {
    let listed = boot["BootSourceOverrideEnabled@Redfish.AllowableValues"].as_array();
    if listed.is_some_and(|values| values.iter().all(|value| value != "Disabled")) {
        return Vec::new();
    }
    vec![
        json!({"Boot": {"BootSourceOverrideEnabled": "Disabled"}}),
        json!({"Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None"}}),
    ]
}

/// What to send for an override: the pair that suffices for most.
pub fn pair(target: &str, persistent: bool) -> Value {
    let enabled = if persistent { "Continuous" } else { "Once" };
    json!({"Boot": {"BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": enabled}})
}

/// The pair with the mode that the BMC shows, which some BMCs insist on.
pub fn triple(mut pair: Value, boot: &Value) -> Option<Value> {
    let mode = boot["BootSourceOverrideMode"].as_str()?;
    pair["Boot"]["BootSourceOverrideMode"] = mode.into();
    Some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_read_as_what_the_next_boot_will_do() {
        let boot = |enabled: &str, target: &str| {
            read(&json!({"BootSourceOverrideEnabled": enabled, "BootSourceOverrideTarget": target}))
        };
        let none = BootOverride { device: None, persistent: false };
        let pxe = |persistent| BootOverride { device: Some(BootDevice::Pxe), persistent };
        assert_eq!(boot("Once", "Pxe"), pxe(false));
        assert_eq!(boot("Continuous", "Pxe"), pxe(true));
        assert_eq!(boot("Disabled", "Pxe"), none);
        assert_eq!(boot("Once", "None"), none);
        assert_eq!(boot("Continuous", "Usb"), none);
        assert_eq!(read(&json!({})), none);
        assert_eq!(read(&Value::Null), none);
    }

    #[test]
    fn only_devices_that_the_bmc_lists_are_offered() {
        let boot = json!({"BootSourceOverrideTarget@Redfish.AllowableValues": ["None", "Pxe", "Usb", "UefiHttp"]});
        assert_eq!(supported(&boot), [BootDevice::Pxe, BootDevice::UefiHttp]);
        assert_eq!(supported(&json!({})), [BootDevice::Pxe, BootDevice::Disk, BootDevice::Cdrom, BootDevice::Bios]);
    }

    #[test]
    fn the_mode_is_repeated_only_as_the_bmc_shows_it() {
        let boot = json!({"BootSourceOverrideMode": "UEFI"});
        let body = triple(pair("Pxe", false), &boot).unwrap();
        assert_eq!(
            body,
            json!({"Boot": {"BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once",
                            "BootSourceOverrideMode": "UEFI"}})
        );
        assert_eq!(triple(pair("Pxe", false), &json!({})), None);
    }
}
