//! What the service needs of this machine: each need is looked at, and what is missing comes with
//! the way to get it.

mod files;
mod network;
mod neutron;

use crate::config::Config;

/// How a need is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Met,
    /// It may be; the operator should know.
    Note,
    /// It isn't, and this is how it can be.
    Missing(String),
}

/// One need and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// In a word or two.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// Whether that is enough.
    pub state: State,
}

impl Check {
    fn met(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Met }
    }

    fn note(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Note }
    }

    fn missing(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, found: found.into(), state: State::Missing(remedy.into()) }
    }
}

/// Looks at everything that `config` needs.
pub async fn examine(config: &Config) -> Vec<Check> {
    let mut checks = vec![files::state_path(config), files::key_file(config)];
    checks.extend(files::ipmitool(config));
    checks.extend(files::loaders(config));
    checks.extend(files::images(config));
    checks.extend(network::addresses(config));
    checks.extend(network::ports(config));
    checks.extend(neutron::neutron(config).await);
    checks
}
