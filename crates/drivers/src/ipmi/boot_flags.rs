//! Parameter 5 of the system boot options, "boot flags" (IPMI 2.0, section 28.12 and table 28-14).

use assay_core::power::{BootDevice, BootMode, BootOverride};

/// "The flags below are valid": without it a BMC takes no notice of them.
const VALID: u8 = 0x80;
const PERSISTENT: u8 = 0x40;
const EFI: u8 = 0x20;

/// The devices that have a selector of their own, in bits 5 to 2 of the second byte.
const SELECTORS: [(BootDevice, u8); 6] = [
    (BootDevice::Pxe, 0x04),
    (BootDevice::Disk, 0x08),
    (BootDevice::Safe, 0x0c),
    (BootDevice::Cdrom, 0x14),
    (BootDevice::Bios, 0x18),
    (BootDevice::Floppy, 0x3c),
];

/// The devices that IPMI has a word for.
pub fn supported() -> Vec<BootDevice> {
    SELECTORS.iter().map(|(device, _)| *device).collect()
}

/// The raw command that sets the flags; `None` for a device that IPMI has no word for.
pub fn set(device: BootDevice, persistent: bool, mode: BootMode) -> Option<[String; 9]> {
    let (_, selector) = SELECTORS.iter().find(|(known, _)| *known == device)?;
    let persistent = if persistent { PERSISTENT } else { 0 };
    let efi = if mode == BootMode::Uefi { EFI } else { 0 };
    Some(raw(VALID | persistent | efi, *selector))
}

/// The raw command that leaves no flags.
pub fn clear() -> [String; 9] {
    raw(0, 0)
}

fn raw(flags: u8, selector: u8) -> [String; 9] {
    let hex = |byte: u8| format!("{byte:#04x}");
    ["raw".to_owned(), hex(0), hex(8), hex(5), hex(flags), hex(selector), hex(0), hex(0), hex(0)]
}

/// The raw command that asks for the flags.
pub const GET: [&str; 6] = ["raw", "0x00", "0x09", "0x05", "0x00", "0x00"];

/// The raw command after which a BMC keeps the flags although the machine was not started within a minute (parameter 3).
pub const KEEP: [&str; 5] = ["raw", "0x00", "0x08", "0x03", "0x08"];

/// Reads ipmitool's answer to [`GET`]. The valid bit is not looked at: BMCs clear it when they have used the flags, and some
/// never show it; a selector that is left is an override all the same for one that does not.
pub fn read(answer: &str) -> Option<BootOverride> {
    let bytes: Vec<u8> =
        answer.split_whitespace().map(|byte| u8::from_str_radix(byte, 16)).collect::<Result<_, _>>().ok()?;
    let [_version, _parameter, flags, selector, ..] = bytes[..] else { return None };
    let device = SELECTORS.iter().find(|(_, known)| selector & 0x3c == *known).map(|(device, _)| *device);
    Some(BootOverride { device, persistent: device.is_some() && flags & PERSISTENT != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_set_as_the_specification_lays_them_out() {
        let set = |device, persistent, mode| set(device, persistent, mode).map(|raw| raw.join(" "));
        let pxe = set(BootDevice::Pxe, false, BootMode::Bios);
        assert_eq!(pxe.as_deref(), Some("raw 0x00 0x08 0x05 0x80 0x04 0x00 0x00 0x00"));
        let disk = set(BootDevice::Disk, true, BootMode::Uefi);
        assert_eq!(disk.as_deref(), Some("raw 0x00 0x08 0x05 0xe0 0x08 0x00 0x00 0x00"));
        assert_eq!(set(BootDevice::UefiHttp, false, BootMode::Uefi), None);
    }

    #[test]
    fn what_a_bmc_tells_is_read() {
        let read = |answer| read(answer).map(|told| (told.device, told.persistent));
        assert_eq!(read(" 01 05 80 04 00 00 00\n"), Some((Some(BootDevice::Pxe), false)));
        assert_eq!(read(" 01 05 e0 14 00 00 00"), Some((Some(BootDevice::Cdrom), true)));
        assert_eq!(read(" 01 05 c0 00 00 00 00"), Some((None, false)));
        assert_eq!(read(" 01 05 00 3d 00 00 00"), Some((Some(BootDevice::Floppy), false)), "other bits of the byte");
        for nonsense in ["", "01 05", "no such thing", "01 05 8 zz"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
