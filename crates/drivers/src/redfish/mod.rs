//! Power and management over Redfish, tolerant of what real BMCs leave out.
//!
//! **Invariant:** an operation writes only within one call's deadline after it began; a write is
//! never repeated unless the BMC refused it, and its error says when it may have landed.

use std::{sync::Arc, time::Duration};

mod account;
mod boot_source;
mod client;
mod failure;
mod info;
mod management;
mod power;
mod recent;
mod system;
mod virtual_media;

pub use info::{AuthType, DriverInfo, PROPERTIES};
pub use management::RedfishManagement;
pub use power::RedfishPower;
pub use recent::Recent;
pub use virtual_media::VirtualMedia;

pub use crate::verify_ca::VerifyCa;

/// What the configuration says about Redfish.
#[derive(Clone, Debug)]
pub struct RedfishConfig {
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one call may take, log-in and repeated reads included.
    pub call_timeout: Duration,
    /// `[redfish]connection_attempts`: how often a read is tried.
    pub connection_attempts: usize,
    /// `[redfish]connection_cache_size`: how many log-ins are remembered.
    pub connection_cache_size: u64,
    /// `[redfish]auth_type`, for nodes that don't say.
    pub auth_type: AuthType,
    /// `[redfish]verify_ca`, for nodes that don't say.
    pub verify_ca: VerifyCa,
    /// `[conductor]power_state_change_timeout`: how long the BMC has to show the new state.
    pub power_state_change_timeout: Duration,
    /// `[conductor]soft_power_off_timeout`: how long an operating system has to stop.
    pub soft_power_off_timeout: Duration,
}

impl Default for RedfishConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            connection_attempts: 5,
            connection_cache_size: 1000,
            auth_type: AuthType::Auto,
            verify_ca: VerifyCa::System,
            power_state_change_timeout: Duration::from_secs(60),
            soft_power_off_timeout: Duration::from_secs(600),
        }
    }
}

/// What goes through Redfish; all share their log-ins.
#[must_use]
pub fn interfaces(config: RedfishConfig) -> (RedfishPower, RedfishManagement, VirtualMedia) {
    let clients = Arc::new(client::Clients::from(config));
    let (power, management) = (Arc::clone(&clients), Arc::clone(&clients));
    (RedfishPower { clients: power }, RedfishManagement { clients: management }, VirtualMedia { clients })
}
