//! The options that the conductor goes by.

use std::time::Duration;

use assay_core::{
    boot::{dhcp_options::BootAddresses, loader::Loaders},
    hooks::{HookOptions, Pipeline},
    power::PowerTarget,
    power_sync,
    run::{Effect, Run, RunKind, figures::Figures, queue::Limits},
};

use crate::{config::Config, parts};

/// What the conductor needs of the configuration; parsed and checked already.
#[derive(Clone, Debug)]
pub struct ConductorConfig {
    /// `[DEFAULT] host`: this conductor's name in `reservation`.
    pub host: String,
    /// `[conductor] conductor_group`.
    pub conductor_group: String,
    /// `[inspector] extra_kernel_params`.
    pub extra_kernel_params: String,
    /// `[inspector] power_off`.
    pub power_off: bool,
    /// `[inspector] require_managed_boot`; unset leaves it to the inspect interface.
    pub require_managed_boot: Option<bool>,
    /// `[inspector] pre_create_ports`.
    pub pre_create_ports: bool,
    /// `[inspector] hooks`.
    pub hooks: Pipeline,
    /// The options of the hooks.
    pub hook_options: HookOptions,
    /// `[inspector] callback_endpoint_override`: what every callback URL begins with.
    pub callback_override: Option<String>,
    /// This conductor's own boot listener, which callbacks reach where nothing else is said.
    pub boot_url: String,
    /// The loaders that Neutron's DHCP names.
    pub loaders: Loaders,
    /// Where Neutron's DHCP sends the NICs.
    pub boot_addresses: BootAddresses,
    /// `[inspector] status_check_period`: how often an external introspection service is asked; 0: never.
    pub status_check_period: Duration,
    /// `[deploy] external_http_url`: where BMCs fetch discs, unless their node says.
    pub disc_base: String,
    /// `[assay] max_inspections` and `max_starts_per_bmc`.
    pub limits: Limits,
    /// `[assay] queue_timeout`.
    pub queue_timeout: Duration,
    /// `[assay] start_timeout`.
    pub start_timeout: Duration,
    /// `[conductor] inspect_wait_timeout`.
    pub inspect_wait_timeout: Duration,
    /// `[pxe] boot_retry_timeout`.
    pub boot_retry: Option<Duration>,
    /// `[inspector_service] timeout`: for what is started at the introspection API.
    pub introspection_timeout: Duration,
    /// `[conductor] power_state_change_timeout`.
    pub power_timeout: Duration,
    /// `[conductor] soft_power_off_timeout`.
    pub soft_power_timeout: Duration,
    /// `[DEFAULT] log_in_db_max_size`: the longest `last_error`, in characters.
    pub longest_error: usize,
    /// How many entries of a node's history are kept.
    pub history_keep: u64,
    /// `[conductor] heartbeat_interval`.
    pub heartbeat_interval: Duration,
    /// `[conductor] heartbeat_timeout`.
    pub heartbeat_timeout: Duration,
    /// `[conductor] sync_power_state_interval`; 0: never.
    pub power_sync_interval: Duration,
    /// `[conductor] power_failure_recovery_interval`; 0: never.
    pub power_recovery_interval: Duration,
    /// `[conductor] sync_power_state_workers`.
    pub power_sync_workers: usize,
    /// `[conductor] force_power_state_during_sync` and `power_state_sync_max_retries`.
    pub power_rules: power_sync::Rules,
    /// The engine's figures of time.
    pub figures: Figures,
}

impl From<&Config> for ConductorConfig {
    fn from(config: &Config) -> Self {
        let inspector = &config.inspector;
        Self {
            host: config.general.host.clone(),
            conductor_group: config.conductor.conductor_group.clone(),
            extra_kernel_params: inspector.extra_kernel_params.to_string(),
            power_off: inspector.power_off,
            require_managed_boot: inspector.require_managed_boot,
            pre_create_ports: inspector.pre_create_ports,
            hooks: inspector.hooks.clone(),
            hook_options: HookOptions {
                add_ports: inspector.add_ports,
                keep_ports: inspector.keep_ports,
                update_pxe_enabled: inspector.update_pxe_enabled,
                disk_partitioning_spacing: inspector.disk_partitioning_spacing,
                physical_networks: inspector.physical_network_cidr_map.clone(),
            },
            callback_override: inspector.callback_endpoint_override.clone(),
            boot_url: config.deploy.http_url.clone(),
            loaders: parts::loaders(config),
            boot_addresses: BootAddresses {
                tftp: config.assay.boot_address.into(),
                http_url: config.deploy.http_url.trim_end_matches('/').to_owned(),
            },
            status_check_period: inspector.status_check_period,
            disc_base: config.deploy.external_http_url.clone(),
            limits: Limits {
                inspections: config.assay.max_inspections,
                starts_per_bmc: config.assay.max_starts_per_bmc,
            },
            queue_timeout: config.assay.queue_timeout,
            start_timeout: config.assay.start_timeout,
            inspect_wait_timeout: config.conductor.inspect_wait_timeout,
            boot_retry: config.pxe.boot_retry_timeout,
            introspection_timeout: config.inspector_service.timeout,
            power_timeout: config.conductor.power_state_change_timeout,
            soft_power_timeout: config.conductor.soft_power_off_timeout,
            longest_error: config.general.log_in_db_max_size,
            history_keep: config.conductor.node_history_max_entries,
            heartbeat_interval: config.conductor.heartbeat_interval,
            heartbeat_timeout: config.conductor.heartbeat_timeout,
            power_sync_interval: config.conductor.sync_power_state_interval,
            power_recovery_interval: config.conductor.power_failure_recovery_interval,
            power_sync_workers: config.conductor.sync_power_state_workers,
            power_rules: power_sync::Rules {
                force: config.conductor.force_power_state_during_sync,
                most_failures: config.conductor.power_state_sync_max_retries,
            },
            figures: Figures::default(),
        }
    }
}

impl ConductorConfig {
    /// The hard limit of an effect: its single requests are far below it; waits for the BMC and
    /// downloads are bounded by it.
    pub(super) fn limit_of(&self, effect: &Effect, run: &Run) -> Duration {
        match effect {
            Effect::CheckImages => Duration::from_secs(u64::from(run.snapshot.start_timeout)),
            Effect::SetPower { target } => self.limit_of_power(*target, run.snapshot.patience()),
            // Several requests one after the other, or two minutes of waiting for a switch.
            Effect::RemoveLeftovers
            | Effect::AddInspectionNetwork { .. }
            | Effect::AwaitPortsActive
            | Effect::RemoveInspectionNetwork { .. } => 3 * self.figures.effect,
            // A reboot waits for two changes of the power.
            _ => self.figures.effect + 2 * self.power_timeout,
        }
    }

    fn limit_of_power(&self, target: PowerTarget, patience: Option<Duration>) -> Duration {
        let configured = match target {
            PowerTarget::SoftOff | PowerTarget::SoftReboot => self.soft_power_timeout.max(self.power_timeout),
            _ => self.power_timeout,
        };
        self.figures.effect + 2 * patience.unwrap_or(configured)
    }

    /// How long a run may take until it waits or ends: a power action no less than its own limit.
    pub(super) fn time_for(&self, kind: RunKind, patience: Option<Duration>) -> Duration {
        match kind {
            RunKind::Power(target) => {
                self.start_timeout.max(self.limit_of_power(target, patience) + self.figures.effect)
            }
            _ => self.start_timeout,
        }
    }
}
