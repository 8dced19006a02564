//! Why a call did not do what it should, in sentences that name the service, the request and the
//! options to look at.

use std::fmt;

use serde_json::Value;

use crate::{
    error::DriverError,
    http::{Failure, plain},
};

/// How far a call had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Keystone had no token or no endpoint for it.
    Keystone,
    /// The service was asked.
    Service,
}

/// A call that was not done as asked. Its text names the service and the request, and is for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Who was asked, and where.
    pub(super) peer: String,
    /// What was asked.
    pub(super) request: String,
    pub(super) stage: Stage,
    /// Whether the call would have changed something.
    pub(super) write: bool,
    pub(super) failure: Failure,
    /// What to do about it; may be empty.
    pub(super) advice: String,
    /// An earlier try of the same call may have been carried out.
    pub(super) in_doubt: bool,
}

impl CallError {
    /// The status that the service, not Keystone, answered with.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.stage {
            Stage::Keystone => None,
            Stage::Service => self.failure.status(),
        }
    }

    /// The service's own name of the error, such as Neutron's `PortNotFound`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        match (&self.failure, self.stage) {
            (Failure::Refused { body, .. }, Stage::Service) => kind(body),
            _ => None,
        }
    }

    /// Whether the service was certainly not asked.
    #[must_use]
    pub const fn was_not_sent(&self) -> bool {
        !self.in_doubt && (matches!(self.stage, Stage::Keystone) || matches!(self.failure, Failure::NotSent(_)))
    }

    /// Whether it is a write that may have been carried out all the same.
    #[must_use]
    pub const fn may_have_landed(&self) -> bool {
        let doubt = self.failure.leaves_doubt() || matches!(self.failure, Failure::Nonsense(_));
        self.in_doubt || (self.write && doubt && !self.was_not_sent())
    }

    /// Whether the same call may fare better later.
    pub(super) const fn is_transient(&self) -> bool {
        self.failure.is_transient()
    }

    /// What an interface's method fails with; `told` is the kind of its errors.
    #[must_use]
    pub fn into_driver_error(self, told: fn(String) -> DriverError) -> DriverError {
        let error = told(self.to_string());
        if self.may_have_landed() { error.maybe() } else { error }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.peer, self.request)?;
        match (&self.failure, self.kind()) {
            (Failure::Refused { status, body }, Some(kind)) => {
                write!(f, "HTTP {status} {kind}: {}", sentence(body))?;
            }
            (failure, _) => f.write_str(&failure.told(sentence))?,
        }
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

impl std::error::Error for CallError {}

fn kind(body: &Value) -> Option<&str> {
    body["NeutronError"]["type"].as_str()
}

/// What to do about a certificate that is not accepted.
pub(super) fn certificates(group: &str, failure: &Failure) -> Option<String> {
    match failure {
        Failure::NotSent(why) if why.contains("certificate") => Some(format!("see [{group}] cafile and insecure")),
        _ => None,
    }
}

/// What a service says in the body of an error: Neutron's own form, keystonemiddleware's and
/// ironic-inspector's, or that of a web framework.
pub(super) fn sentence(body: &Value) -> String {
    let neutron = &body["NeutronError"];
    let forms = [&neutron["message"], neutron, &body["error"]["message"], &body["error"], &body["message"]];
    let said = forms.into_iter().find_map(Value::as_str).unwrap_or_default();
    let detail = neutron["detail"].as_str().unwrap_or_default();
    plain(&format!("{said} {detail}").replace("<br />", ""))
}
