//! Signs of life: what a booting machine has asked for so far. They are a run's timeline, and they
//! tell in a timeout's text how far the machine came.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::power::named;

named! {
    /// One sign of life, in the order in which a boot gives them.
    Sign {
        /// A NIC's firmware or iPXE was answered over DHCP.
        Dhcp = "dhcp",
        /// The BMC fetched the node's disc.
        Media = "media",
        /// A boot loader was fetched.
        Loader = "loader",
        /// The node's boot script was fetched.
        Script = "script",
        /// The kernel was fetched.
        Kernel = "kernel",
        /// The ramdisk was fetched.
        Ramdisk = "ramdisk",
        /// The running ramdisk was answered over DHCP.
        RamdiskDhcp = "ramdisk dhcp",
        /// The ramdisk posted what it found.
        Callback = "callback",
        /// Something was refused to a machine that is not the node.
        Refused = "refused",
    }
}

impl Sign {
    /// How far the boot has come with this sign; `None` for a sign that is no progress.
    #[must_use]
    pub fn progress(self) -> Option<usize> {
        let at = Self::ALL.iter().position(|sign| *sign == self);
        at.filter(|_| self != Self::Refused)
    }

    /// What to look at when this is the last sign that came.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Dhcp => "the NIC has an address but fetched nothing: check TFTP and HTTP to this conductor",
            Self::Media => "the BMC read the disc but the machine was not seen: check its boot order and console",
            Self::Loader => "the loader runs but asked for no script: check its DHCP and HTTP to this conductor",
            Self::Script => "the script was fetched but no image: check HTTP to this conductor",
            Self::Kernel => "the kernel was fetched but not the ramdisk: check the link and the machine's console",
            Self::Ramdisk => "both images were fetched: the kernel may not start or find its NIC; check the console",
            Self::RamdiskDhcp => "the ramdisk runs and has an address: it may not reach the callback URL, or hangs",
            Self::Callback => "the ramdisk has reported",
            Self::Refused => "another machine asked for this node's boot script",
        }
    }
}

/// The end of a timeout's text: the last sign and its age, with what to look at.
#[must_use]
pub fn last_seen(last: Option<(Sign, u64)>) -> String {
    match last {
        Some((sign, seconds)) => format!("last seen: {sign}, {seconds} s ago ({})", sign.hint()),
        None => "nothing was heard of the machine: check its power, boot order, cable and network".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_names_the_phase_that_was_reached() {
        assert!(last_seen(Some((Sign::Kernel, 45))).starts_with("last seen: kernel, 45 s ago (the kernel was fetched"));
        assert!(last_seen(None).contains("nothing was heard"));
    }

    #[test]
    fn a_refusal_is_no_progress() {
        assert_eq!(Sign::Refused.progress(), None);
        assert!(Sign::Dhcp.progress() < Sign::Callback.progress());
    }
}
