//! What Keystone is told to get a token (Identity API v3, `POST /v3/auth/tokens`).

use assay_core::secret::Secret;
use serde_json::{Value, json};

use super::settings::{Account, Auth, Credential, Domain, Identity, Named, Scope};

impl Auth {
    /// What no error may show.
    pub(super) const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::None => None,
            Self::HttpBasic { password, .. } => Some(password),
            Self::Keystone(account) => Some(account.identity.secret()),
        }
    }
}

impl Identity {
    pub(super) const fn secret(&self) -> &Secret {
        match self {
            Self::Password { password: secret, .. }
            | Self::ApplicationCredential { secret, .. }
            | Self::Token(secret) => secret,
        }
    }

    /// The options to look at when Keystone does not know us.
    pub(super) const fn options(&self) -> &'static str {
        match self {
            Self::Password { .. } => {
                "username, password, user_domain_name and project_name, where the user needs a role"
            }
            Self::ApplicationCredential { .. } => "application_credential_id and application_credential_secret",
            Self::Token(_) => "token, which may have ended",
        }
    }

    /// The name of the method, and its proof.
    fn json(&self) -> (&'static str, Value) {
        match self {
            Self::Password { user, password } => {
                let mut user = user.json();
                user["password"] = json!(password.reveal());
                ("password", json!({"user": user}))
            }
            Self::ApplicationCredential { credential, secret } => {
                ("application_credential", credential.json(secret.reveal()))
            }
            Self::Token(token) => ("token", json!({"id": token.reveal()})),
        }
    }
}

impl Account {
    /// The body of the request for a token.
    pub(super) fn request(&self) -> Value {
        let (method, proof) = self.identity.json();
        let mut auth = json!({"identity": {"methods": [method], method: proof}});
        match &self.scope {
            Scope::Unasked => {}
            Scope::Project(project) => auth["scope"] = json!({"project": project.json()}),
            Scope::Domain(domain) => auth["scope"] = json!({"domain": domain.json()}),
            Scope::System => auth["scope"] = json!({"system": {"all": true}}),
        }
        json!({"auth": auth})
    }
}

impl Credential {
    fn json(&self, secret: &str) -> Value {
        match self {
            Self::Id(id) => json!({"id": id, "secret": secret}),
            Self::Name(name, user) => json!({"name": name, "user": user.json(), "secret": secret}),
        }
    }
}

impl Named {
    fn json(&self) -> Value {
        match self {
            Self::Id(id) => json!({"id": id}),
            Self::Name(name, domain) => json!({"name": name, "domain": domain.json()}),
        }
    }
}

impl Domain {
    fn json(&self) -> Value {
        match self {
            Self::Id(id) => json!({"id": id}),
            Self::Name(name) => json!({"name": name}),
        }
    }
}
