//! Power, boot device and boot mode: what a BMC can be asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Makes an enum whose variants have one exact text in the API, with `as_str`, `Display` and `parse`.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The API's exact text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Reads the API's exact text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// The power state of a node, as the BMC reports it.
    PowerState {
        /// The machine runs.
        On = "power on",
        /// The machine is off.
        Off = "power off",
    }
}

named! {
    /// What `PUT states/power` can ask for.
    PowerTarget {
        /// Switch on.
        On = "power on",
        /// Cut the power.
        Off = "power off",
        /// Cut the power and switch on again.
        Reboot = "rebooting",
        /// Ask the operating system to stop.
        SoftOff = "soft power off",
        /// Ask the operating system to stop, then switch on again.
        SoftReboot = "soft rebooting",
    }
}

impl PowerTarget {
    /// The state in which the node is when the action has ended well.
    #[must_use]
    pub const fn end_state(self) -> PowerState {
        match self {
            Self::Off | Self::SoftOff => PowerState::Off,
            Self::On | Self::Reboot | Self::SoftReboot => PowerState::On,
        }
    }
}

named! {
    /// A boot device, in the API's names.
    BootDevice {
        /// Network boot.
        Pxe = "pxe",
        /// The first disk.
        Disk = "disk",
        /// A CD, real or virtual.
        Cdrom = "cdrom",
        /// The firmware's set-up menu.
        Bios = "bios",
        /// A safe boot environment.
        Safe = "safe",
        /// A floppy, real or virtual.
        Floppy = "floppy",
        /// Whatever is booted over UEFI HTTP.
        UefiHttp = "uefihttp",
    }
}

named! {
    /// The firmware's boot mode.
    BootMode {
        /// Legacy BIOS.
        Bios = "bios",
        /// UEFI.
        Uefi = "uefi",
    }
}

/// The boot device that a BMC holds for the next boot, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootOverride {
    /// `None`: the BMC holds no override, or none that the API has a name for.
    pub device: Option<BootDevice>,
    /// The override stays after one boot.
    pub persistent: bool,
}
