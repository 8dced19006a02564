//! What the handlers of a cloud share. It outlives the listeners, as a database outlives services.

use std::sync::{Mutex, atomic::AtomicBool};

use super::{CloudRequest, CloudSetup, gate::Service, keystone::Tokens, log::Log, neutron::Ports};
use crate::fault::Faults;

/// A cloud, without its listeners.
pub(super) struct CloudState {
    pub(super) setup: CloudSetup,
    /// Without a path.
    pub(super) keystone_url: String,
    pub(super) neutron_url: String,
    pub(super) tokens: Tokens,
    pub(super) ports: Mutex<Ports>,
    /// With the text that a request must contain.
    pub(super) faults: Faults<(CloudRequest, Option<String>)>,
    /// Whether Neutron listens but has nothing to answer with yet.
    pub(super) starting: AtomicBool,
    keystone_log: Log,
    neutron_log: Log,
}

impl CloudState {
    /// A cloud without ports and tokens.
    pub(super) fn new(setup: CloudSetup, keystone_url: String, neutron_url: String) -> Self {
        Self {
            setup,
            keystone_url,
            neutron_url,
            tokens: Tokens::default(),
            ports: Mutex::default(),
            faults: Faults::default(),
            starting: AtomicBool::new(false),
            keystone_log: Log::default(),
            neutron_log: Log::default(),
        }
    }

    /// The requests that a service got.
    pub(super) const fn log(&self, service: Service) -> &Log {
        match service {
            Service::Keystone => &self.keystone_log,
            Service::Neutron => &self.neutron_log,
        }
    }
}
