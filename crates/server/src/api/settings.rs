//! What the API takes from the configuration.

use std::time::Duration;

use assay_core::limits::Limits;

use crate::config::Config;

/// The options that handlers act on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This conductor's name.
    pub host: String,
    /// What links in answers start with; else what the client called.
    pub public_endpoint: Option<String>,
    /// The largest page of a list.
    pub max_limit: usize,
    /// What an ordinary request may carry.
    pub limits: Limits,
    /// What a provision request may carry.
    pub provision_limits: Limits,
    /// Whether callbacks of ramdisks are served here.
    pub ramdisk_endpoints: bool,
    /// How often a locked node is tried again.
    pub lock_attempts: u32,
    /// The pause before each further try.
    pub lock_pause: Duration,
    /// Whether a node that is `available` may be deleted.
    pub delete_available: bool,
    /// The resource class of new nodes that name none.
    pub default_resource_class: Option<String>,
    /// The conductor group of new nodes that name none.
    pub default_conductor_group: String,
    /// The mode of new port groups that name none.
    pub default_portgroup_mode: String,
    /// A conductor that was not heard of for so long is not alive.
    pub heartbeat_timeout: Duration,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let api = &config.api;
        let limits = |kib: usize| Limits { bytes: kib << 10, depth: api.max_json_body_depth, ..Limits::API };
        Self {
            host: config.general.host.clone(),
            public_endpoint: api.public_endpoint.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            max_limit: usize::try_from(api.max_limit).unwrap_or(usize::MAX),
            limits: limits(api.max_json_body_size),
            provision_limits: limits(api.max_json_body_size_provision),
            ramdisk_endpoints: api.enable_ramdisk_endpoints,
            lock_attempts: config.conductor.node_locked_retry_attempts,
            lock_pause: config.conductor.node_locked_retry_interval,
            delete_available: config.conductor.allow_deleting_available_nodes,
            default_resource_class: config.general.default_resource_class.clone(),
            default_conductor_group: config.general.default_conductor_group.to_ascii_lowercase(),
            default_portgroup_mode: config.general.default_portgroup_mode.clone(),
            heartbeat_timeout: config.conductor.heartbeat_timeout,
        }
    }
}
