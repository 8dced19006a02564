//! What a ramdisk posts: bodies recorded from a stock ironic-python-agent, made the machine's own.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::machine::Machine;

/// The bodies that were recorded in the machine lab, with the stock ramdisk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// BIOS, the default collectors.
    Bios,
    /// BIOS, all collectors.
    BiosFull,
    /// UEFI, the default collectors.
    Uefi,
}

impl Recording {
    const fn text(self) -> &'static str {
        match self {
            Self::Bios => include_str!("../data/ipa/lab-bios-0.json"),
            Self::BiosFull => include_str!("../data/ipa/bios-virtio-full.json"),
            Self::Uefi => include_str!("../data/ipa/lab-uefi-0.json"),
        }
    }
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A recorded body with the machine's own NICs and serial number.
    Recorded(Recording),
    /// These bytes as they are.
    Raw(Bytes),
    /// A recorded body with this as its `error`.
    RamdiskError(String),
}

impl Content {
    /// Valid JSON of a recorded body in so many brackets.
    #[must_use]
    pub fn nested(depth: usize) -> Self {
        Self::Raw(format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into())
    }

    /// A JSON string of about so many bytes.
    #[must_use]
    pub fn oversized(bytes: usize) -> Self {
        Self::Raw(format!("{{\"inventory\": {{}}, \"logs\": \"{}\"}}", "A".repeat(bytes)).into())
    }

    /// The bytes that this machine posts.
    #[must_use]
    pub fn bytes(&self, machine: &Machine) -> Bytes {
        match self {
            Self::Recorded(recording) => own(*recording, machine).to_string().into(),
            Self::Raw(bytes) => bytes.clone(),
            Self::RamdiskError(text) => {
                let mut body = own(Recording::Bios, machine);
                body["error"] = json!(text);
                body.to_string().into()
            }
        }
    }
}

/// The recording with one interface per NIC of the machine, and its serial number.
fn own(recording: Recording, machine: &Machine) -> Value {
    let mut body: Value = serde_json::from_str(recording.text()).unwrap_or_default();
    let pattern = body["inventory"]["interfaces"][0].take();
    let interfaces = machine.nics.iter().enumerate().map(|(i, mac)| {
        let mut interface = pattern.clone();
        interface["name"] = json!(format!("enp{}s0", i + 1));
        interface["mac_address"] = json!(mac);
        interface
    });
    body["inventory"]["interfaces"] = interfaces.collect();
    if let Some(mac) = machine.nics.first() {
        let bootif = json!(format!("01-{}", mac.hyphenated()));
        body["inventory"]["boot"]["pxe_interface"] = bootif.clone();
        body["boot_interface"] = bootif;
    }
    body["inventory"]["system_vendor"]["serial_number"] = json!(machine.serial);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ramdisk::Ramdisk;

    #[test]
    fn a_recorded_body_becomes_the_machines_own() {
        let machine = Machine::new(3, 2, Ramdisk::default());
        for recording in [Recording::Bios, Recording::BiosFull, Recording::Uefi] {
            let bytes = Content::Recorded(recording).bytes(&machine);
            let body: Value = serde_json::from_slice(&bytes).unwrap();
            let macs: Vec<_> =
                body["inventory"]["interfaces"].as_array().unwrap().iter().map(|i| &i["mac_address"]).collect();
            assert_eq!(macs, ["52:54:00:00:00:03", "52:54:01:00:00:03"]);
            assert_eq!(body["inventory"]["boot"]["pxe_interface"], "01-52-54-00-00-00-03");
            assert_eq!(body["inventory"]["system_vendor"]["serial_number"], "SIM000003");
            assert!(body["inventory"]["memory"]["physical_mb"].is_u64(), "the rest is as recorded");
        }
    }
}
