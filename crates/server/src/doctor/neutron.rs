//! Neutron answers, and knows the inspection network.

use std::time::Duration;

use assay_drivers::network::Neutron;
use tokio::time::timeout;

use super::Check;
use crate::{config::Config, parts};

/// How long Keystone and Neutron have together.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nothing to look at where no Neutron is configured.
pub async fn neutron(config: &Config) -> Option<Check> {
    const WHAT: &str = "Neutron";
    let service = match parts::neutron_service(config) {
        Ok(service) => service?,
        Err(wrong) => return Some(Check::missing(WHAT, format!("{wrong:#}"), "correct the options of [neutron]")),
    };
    let Some(name) = &config.network.inspection_network else {
        return Some(Check::note(WHAT, "[neutron] inspection_network is unset: only nodes that name one are isolated"));
    };
    let remedy = "see the book's chapter on tenant network separation: network, user, role and endpoint";
    Some(match timeout(PATIENCE, Neutron::new(service).network(name)).await {
        Ok(Ok(network)) => Check::met(WHAT, format!("inspection network {name} is {}", network.id)),
        Ok(Err(error)) => Check::missing(WHAT, error.to_string(), remedy),
        Err(_) => Check::missing(WHAT, format!("no answer in {} s", PATIENCE.as_secs()), remedy),
    })
}
