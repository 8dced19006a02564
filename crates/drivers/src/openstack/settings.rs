//! How a service is reached, and as whom.

use std::time::Duration;

use assay_core::secret::Secret;

use crate::verify_ca::VerifyCa;

/// How one OpenStack service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What messages call it, such as `Neutron`.
    pub name: &'static str,
    /// What the time of its calls is counted for in the metrics, such as `neutron`.
    pub label: &'static str,
    /// The group of options that all this comes from, for advice.
    pub group: &'static str,
    /// As whom it is called.
    pub auth: Auth,
    /// Its type in the catalog, such as `network`.
    pub service_type: String,
    /// Which of its endpoints may be used, the most wanted first, such as `internal`.
    pub interfaces: Vec<String>,
    /// The region of its endpoint; unset, any will do.
    pub region: Option<String>,
    /// Its URL, with or without a version; the catalog is not asked.
    pub endpoint_override: Option<String>,
    /// Whose word on certificates counts, Keystone's included.
    pub ca: VerifyCa,
    /// How long a call may take, with its token and its repetitions; a write has 30 s at most.
    pub request_timeout: Duration,
    /// How often a call is repeated that got no answer.
    pub connect_retries: usize,
    /// How often a call is repeated that was answered with 429 or 5xx.
    pub status_code_retries: usize,
    /// Headers that every call carries.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// As whom a service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// As nobody.
    None,
    /// With HTTP basic authentication.
    HttpBasic {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// With Keystone's tokens.
    Keystone(Account),
}

/// Our account with a Keystone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Keystone's URL, with or without `/v3`.
    pub url: String,
    /// How Keystone knows us.
    pub identity: Identity,
    /// What the tokens are good for.
    pub scope: Scope,
}

/// How Keystone knows us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By a user's password.
    Password {
        /// The user.
        user: Named,
        /// The password.
        password: Secret,
    },
    /// By an application credential, which has a scope of its own.
    ApplicationCredential {
        /// Which one.
        credential: Credential,
        /// Its secret.
        secret: Secret,
    },
    /// By a token that was had elsewhere.
    Token(Secret),
}

/// Which application credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The one with this id.
    Id(String),
    /// A user's, by its name.
    Name(String, Named),
}

/// A user or a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By its id.
    Id(String),
    /// By its name in a domain.
    Name(String, Domain),
}

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What Keystone gives without being asked: the user's default project, or nothing.
    Unasked,
    /// A project.
    Project(Named),
    /// A domain.
    Domain(Domain),
    /// The whole system.
    System,
}
