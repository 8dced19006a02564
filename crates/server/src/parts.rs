//! From the configuration's options to what each part of the service goes by.

use std::time::Duration;

use anyhow::Context;
use assay_core::{
    boot::loader::{LoaderNames, Loaders},
    node::InterfaceKind,
};
use assay_drivers::{
    Implementations, Registry,
    fake::FakeConfig,
    redfish::RedfishConfig,
    registry::{RegistryError, RegistrySettings},
};

use crate::{
    boot::{BootListenerConfig, DhcpConfig, DhcpMode, loaders},
    config::{Config, groups::service},
};

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

/// The names of the loaders that machines are told.
#[must_use]
pub fn loaders(config: &Config) -> Loaders {
    let pxe = &config.pxe;
    Loaders {
        pxe: LoaderNames {
            bios: pxe.pxe_bootfile_name.clone(),
            uefi: pxe.uefi_pxe_bootfile_name.clone(),
            by_arch: pxe.pxe_bootfile_name_by_arch.clone(),
        },
        ipxe: LoaderNames {
            bios: pxe.ipxe_bootfile_name.clone(),
            uefi: pxe.uefi_ipxe_bootfile_name.clone(),
            by_arch: pxe.ipxe_bootfile_name_by_arch.clone(),
        },
    }
}

/// What the boot servers go by, and the loaders that were looked for in vain.
///
/// # Errors
/// A DHCP server that is to give addresses and has none.
pub fn boot_servers(config: &Config) -> anyhow::Result<(BootListenerConfig, Vec<loaders::MissingLoader>)> {
    let (assay, pxe) = (&config.assay, &config.pxe);
    let loaders = loaders(config);
    let (loader_files, missing) = loaders::find(&loaders, assay.loader_dir.as_deref(), &pxe.loader_file_paths);
    let listener = BootListenerConfig {
        boot_address: assay.boot_address,
        tftp_port: assay.tftp_port,
        http_url: config.deploy.http_url.trim_end_matches('/').to_owned(),
        ipxe_timeout_ms: u32::try_from(pxe.ipxe_timeout.as_millis()).unwrap_or(u32::MAX),
        loaders,
        loader_files,
        dhcp: dhcp(assay)?,
    };
    Ok((listener, missing))
}

fn dhcp(assay: &service::Assay) -> anyhow::Result<Option<DhcpConfig>> {
    let Some(interface) = &assay.dhcp_interface else { return Ok(None) };
    let mode = match assay.dhcp_mode {
        service::DhcpMode::Proxy => DhcpMode::Proxy,
        service::DhcpMode::Full => {
            let range = assay.dhcp_range.context(
                "[assay] dhcp_range has to be set where dhcp_interface is: first-last, or dhcp_mode = proxy where \
                 another server gives the addresses",
            )?;
            DhcpMode::Full { range: (range.first, range.last), router: assay.dhcp_router, lease: assay.dhcp_lease }
        }
    };
    Ok(Some(DhcpConfig { interface: interface.clone(), mode, router_advertisement: assay.router_advertisement }))
}
