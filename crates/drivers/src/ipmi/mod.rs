//! Power and boot device over IPMI, by Debian's `ipmitool`: it knows the cipher suites, the bridges and the quirks of
//! three decades of BMCs.
//!
//! **Invariant:** a BMC is asked one thing at a time. Neither password nor key is ever on a command line or on disk. A write is
//! repeated only where the BMC never heard of it, and its error says when it may have landed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use assay_core::power::BootMode;

mod bmc;
mod boot_flags;
mod failure;
mod info;
mod management;
mod power;
mod tool;

pub use info::{DriverInfo, PROPERTIES};
pub use management::IpmiManagement;
pub use power::IpmiPower;

/// What the configuration says about IPMI.
#[derive(Clone, Debug)]
pub struct IpmiConfig {
    /// The program.
    pub tool: PathBuf,
    /// `[ipmi]command_retry_timeout`: how long one command may take, with its repetitions.
    pub call_timeout: Duration,
    /// `[ipmi]min_command_interval`: the pause between two commands to one BMC, which some can't do without.
    pub min_command_interval: Duration,
    /// `[ipmi]cipher_suite_versions`: which are tried for nodes that name none, the last one first; empty: ipmitool chooses.
    pub cipher_suites: Vec<u8>,
    /// `[ipmi]additional_retryable_ipmi_errors`: texts in ipmitool's errors after which a read is tried again.
    pub retryable: Vec<String>,
    /// `[ipmi]disable_boot_timeout`, for nodes that don't say: BMCs are told to keep a boot device for longer than a minute.
    pub disable_boot_timeout: bool,
    /// `[deploy]default_boot_mode`: in which mode a boot device is set, for nodes that don't say.
    pub default_boot_mode: BootMode,
    /// `[conductor]power_state_change_timeout`: how long the BMC has to show the new state.
    pub power_state_change_timeout: Duration,
    /// `[conductor]soft_power_off_timeout`: how long an operating system has to stop.
    pub soft_power_off_timeout: Duration,
}

impl Default for IpmiConfig {
    fn default() -> Self {
        Self {
            tool: PathBuf::from("ipmitool"),
            call_timeout: Duration::from_secs(30),
            min_command_interval: Duration::from_secs(5),
            cipher_suites: Vec::new(),
            retryable: Vec::new(),
            disable_boot_timeout: true,
            default_boot_mode: BootMode::Uefi,
            power_state_change_timeout: Duration::from_secs(60),
            soft_power_off_timeout: Duration::from_secs(600),
        }
    }
}

/// What goes through ipmitool; both take turns at a BMC.
#[must_use]
pub fn interfaces(config: IpmiConfig) -> (IpmiPower, IpmiManagement) {
    let bmcs = Arc::new(bmc::Bmcs::from(config));
    (IpmiPower { bmcs: Arc::clone(&bmcs) }, IpmiManagement { bmcs })
}
