//! From the configuration's options to what each part of the service goes by.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use assay_core::{
    boot::{
        BootChain, DhcpProvider,
        loader::{LoaderNames, Loaders},
    },
    limits::Limits,
    node::InterfaceKind,
};
use assay_drivers::{
    Implementations, Registry,
    boot::{
        BootConfig, RamdiskBoot,
        images::{ImageCache, ImageCacheConfig},
    },
    fake::FakeConfig,
    inspect::{InspectorChoice, InspectorClient, InspectorInspect},
    ipmi::IpmiConfig,
    network::{Neutron, NeutronOptions},
    openstack::Service,
    redfish::RedfishConfig,
    registry::RegistrySettings,
};

use assay_store::Store;
use tokio::sync::Semaphore;

use crate::{
    api::{Api, Auth, Callbacks, ConductorApi, Settings, callback},
    boot::{BootListenerConfig, DhcpConfig, DhcpMode, loaders},
    conductor::Conductor,
    config::{
        Config,
        groups::{network::Provider, service},
    },
    introspection::IntrospectionApi,
};

/// How long one image may take to be fetched: well within `start_timeout`.
const LONGEST_FETCH: Duration = Duration::from_secs(300);

/// The interfaces of this build that are enabled; the texts that come with it are warnings.
/// `missing` are the loaders that were looked for in vain.
///
/// # Errors
/// A default that is not enabled; no known hardware type is enabled; no HTTPS client can be made.
pub fn registry(
    config: &Config,
    images: &Arc<ImageCache>,
    missing: &[loaders::MissingLoader],
) -> anyhow::Result<(Registry, Vec<String>)> {
    let ramdisk = |chain| RamdiskBoot { chain, config: boot(config, missing), images: Arc::clone(images) };
    let implementations = Implementations::in_memory(fake(config))
        .with_redfish(redfish(config), ramdisk(BootChain::VirtualMedia))
        .with_ipmi(ipmi(config))
        .with_inspector(inspector(config)?)
        .with_neutron(&neutron_options(config), neutron_service(config)?.map(Neutron::new))
        .with_network_boot(ramdisk(BootChain::Ipxe))
        .with_network_boot(ramdisk(BootChain::Pxe))
        .with_network_boot(ramdisk(BootChain::HttpIpxe));
    Ok(Registry::assemble(&registry_settings(config), implementations)?)
}

fn neutron_options(config: &Config) -> NeutronOptions {
    let network = &config.network;
    NeutronOptions {
        inspection_network: network.inspection_network.clone(),
        security_groups: network.inspection_network_security_groups.clone(),
        add_all_ports: network.add_all_ports,
        bind_port_groups: network.bind_port_groups,
        fail_on_port_binding_failure: network.fail_on_port_binding_failure,
        dhcpv6_stateful_address_count: network.dhcpv6_stateful_address_count,
        allow_disabling_power_off: network.allow_disabling_power_off,
        port_setup_delay: network.port_setup_delay,
        dhcp: config.dhcp.dhcp_provider.map(|provider| match provider {
            Provider::None => DhcpProvider::Foreign,
            Provider::Neutron => DhcpProvider::Neutron,
        }),
    }
}

fn inspector(config: &Config) -> anyhow::Result<InspectorInspect> {
    let settings = config.inspector_settings().map_err(anyhow::Error::msg)?;
    let client = settings.map(|settings| InspectorClient::new(settings).map_err(anyhow::Error::msg));
    let choice = match config.assay.inspector {
        service::Inspector::Auto => InspectorChoice::Auto,
        service::Inspector::BuiltIn => InspectorChoice::BuiltIn,
        service::Inspector::External => InspectorChoice::External,
    };
    Ok(InspectorInspect { choice, client: client.transpose()? })
}

/// Neutron; `None` if `[neutron]` has neither authentication nor an endpoint.
///
/// # Errors
/// Which of its options is wrong.
pub fn neutron_service(config: &Config) -> anyhow::Result<Option<Service>> {
    let settings = config.neutron_settings().map_err(anyhow::Error::msg)?;
    settings.map(|settings| Service::new(settings).map_err(anyhow::Error::msg)).transpose()
}

/// What the image cache goes by. An image stays for as long as a run may boot from it.
#[must_use]
pub fn images(config: &Config) -> ImageCacheConfig {
    let (general, conductor) = (&config.general, &config.conductor);
    let waiting = match conductor.inspect_wait_timeout {
        Duration::ZERO => Duration::from_secs(86_400),
        timeout => timeout,
    };
    ImageCacheConfig {
        folder: config.pxe.images_path.clone(),
        limit: config.pxe.image_cache_size << 20,
        allowed_paths: conductor.file_url_allowed_paths.clone(),
        verify_ca: general.webserver_verify_ca.clone(),
        idle_timeout: general.webserver_connection_timeout,
        fetch_timeout: LONGEST_FETCH.min(config.assay.start_timeout),
        keep: config.assay.start_timeout + waiting,
    }
}

fn boot(config: &Config, missing: &[loaders::MissingLoader]) -> BootConfig {
    let conductor = &config.conductor;
    BootConfig {
        kernel_append_params: config.pxe.kernel_append_params.to_string(),
        debug: config.general.debug,
        default_boot_mode: config.deploy.default_boot_mode,
        deploy_kernel: conductor.deploy_kernel.clone(),
        deploy_ramdisk: conductor.deploy_ramdisk.clone(),
        deploy_kernel_by_arch: conductor.deploy_kernel_by_arch.clone(),
        deploy_ramdisk_by_arch: conductor.deploy_ramdisk_by_arch.clone(),
        loaders: loaders(config),
        missing_loaders: missing.iter().map(|loader| (loader.told.clone(), loader.to_string())).collect(),
    }
}

/// What the API's handlers reach.
#[must_use]
pub fn api(config: &Config, auth: Auth, store: &Store, conductor: &Conductor, registry: Arc<Registry>) -> Api {
    let settings = Settings::from(config);
    let conductor: Arc<dyn ConductorApi> = Arc::new(conductor.clone());
    let callbacks = Callbacks {
        conductor: Arc::clone(&conductor),
        key: store.key().clone(),
        limits: Limits { bytes: config.api.max_json_body_size_inspection << 10, ..Limits::RAMDISK },
        plain: config.assay.plain_callback != service::PlainCallback::Off,
        room: Arc::new(Semaphore::new(callback::ROOM_KIB)),
    };
    Api { store: store.clone(), conductor, registry, auth: Arc::new(auth), settings: Arc::new(settings), callbacks }
}

/// What the introspection API's handlers reach.
#[must_use]
pub fn introspection(config: &Config, api: &Api) -> IntrospectionApi {
    IntrospectionApi {
        store: api.store.clone(),
        conductor: Arc::clone(&api.conductor),
        auth: Arc::clone(&api.auth),
        callbacks: api.callbacks.clone(),
        max_limit: usize::try_from(config.inspector_service.api_max_limit).unwrap_or(usize::MAX),
    }
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

fn fake(config: &Config) -> FakeConfig {
    let fake = &config.fake;
    FakeConfig { power_delay: fake.power_delay, management_delay: fake.management_delay, boot_delay: fake.boot_delay }
}

fn redfish(config: &Config) -> RedfishConfig {
    let redfish = &config.redfish;
    RedfishConfig {
        connect_timeout: redfish.connect_timeout,
        call_timeout: redfish.read_timeout,
        connection_attempts: redfish.connection_attempts,
        connection_cache_size: redfish.connection_cache_size,
        auth_type: redfish.auth_type,
        verify_ca: redfish.verify_ca.clone(),
        power_state_change_timeout: config.conductor.power_state_change_timeout,
        soft_power_off_timeout: config.conductor.soft_power_off_timeout,
    }
}

fn ipmi(config: &Config) -> IpmiConfig {
    let ipmi = &config.ipmi;
    IpmiConfig {
        call_timeout: ipmi.command_retry_timeout,
        min_command_interval: ipmi.min_command_interval,
        cipher_suites: ipmi.cipher_suite_versions.clone(),
        retryable: ipmi.additional_retryable_ipmi_errors.clone(),
        disable_boot_timeout: ipmi.disable_boot_timeout,
        default_boot_mode: config.deploy.default_boot_mode,
        power_state_change_timeout: config.conductor.power_state_change_timeout,
        soft_power_off_timeout: config.conductor.soft_power_off_timeout,
        ..IpmiConfig::default()
    }
}

/// The names of the loaders that machines are told.
#[must_use]
pub fn loaders(config: &Config) -> Loaders {
    let pxe = &config.pxe;
    Loaders {
        ipxe: LoaderNames {
            bios: pxe.ipxe_bootfile_name.clone(),
            uefi: pxe.uefi_ipxe_bootfile_name.clone(),
            by_arch: pxe.ipxe_bootfile_name_by_arch.clone(),
        },
        pxe: LoaderNames {
            bios: pxe.pxe_bootfile_name.clone(),
            uefi: pxe.uefi_pxe_bootfile_name.clone(),
            by_arch: pxe.pxe_bootfile_name_by_arch.clone(),
        },
        ..Loaders::default()
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
