//! From the configuration's options to what each part of the service goes by.

use std::time::Duration;

use assay_core::node::InterfaceKind;
use assay_drivers::{
    Implementations, Registry,
    fake::FakeConfig,
    redfish::RedfishConfig,
    registry::{RegistryError, RegistrySettings},
};

use crate::config::Config;

/// The longest that one call to a BMC may take: a claim outlasts it.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// The interfaces of this build that are enabled; the texts that come with it are warnings.
///
/// # Errors
/// A default that is not enabled; no known hardware type is enabled.
pub fn registry(config: &Config) -> Result<(Registry, Vec<String>), RegistryError> {
    let implementations = Implementations::in_memory(FakeConfig::default()).with_redfish(redfish(config));
    Registry::assemble(&registry_settings(config), implementations)
}

fn registry_settings(config: &Config) -> RegistrySettings {
    let interfaces = &config.interfaces;
    let of = |kind: &InterfaceKind| (*kind, interfaces.of(*kind));
    RegistrySettings {
        hardware_types: interfaces.enabled_hardware_types.clone(),
        enabled: InterfaceKind::ALL
            .iter()
            .map(of)
            .filter_map(|(kind, (list, _))| Some((kind, list?.clone())))
            .collect(),
        defaults: InterfaceKind::ALL
            .iter()
            .map(of)
            .filter_map(|(kind, (_, name))| Some((kind, name?.clone())))
            .collect(),
    }
}

fn redfish(config: &Config) -> RedfishConfig {
    let redfish = &config.redfish;
    RedfishConfig {
        connect_timeout: redfish.connect_timeout,
        call_timeout: redfish.read_timeout.min(LONGEST_CALL),
        connection_attempts: redfish.connection_attempts,
        connection_cache_size: redfish.connection_cache_size,
        auth_type: redfish.auth_type,
        verify_ca: redfish.verify_ca.clone(),
        power_state_change_timeout: config.conductor.power_state_change_timeout,
        soft_power_off_timeout: config.conductor.soft_power_off_timeout,
    }
}
