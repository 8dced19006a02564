//! Who asks for a token, and for what: `auth.identity` and `auth.scope`.

use axum::http::StatusCode;
use serde_json::Value;

use super::{Refusal, Token};
use crate::cloud::{
    setup::{FakeCredential, FakeUser, keystone_id},
    state::CloudState,
};

/// Who has proved to be whom.
pub(super) struct Identity<'a> {
    pub(super) user: &'a FakeUser,
    pub(super) method: &'static str,
    pub(super) credential: Option<&'a FakeCredential>,
    pub(super) earlier: Option<Token>,
}

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Nothing,
    Project,
    System,
}

impl<'a> Identity<'a> {
    /// Checks what `auth.identity` claims, by its first method.
    pub(super) fn check(cloud: &'a CloudState, auth: &Value) -> Result<Self, Refusal> {
        let identity = &auth["identity"];
        match identity["methods"][0].as_str() {
            Some("password") => Self::by_password(cloud, &identity["password"]["user"]),
            Some("application_credential") if !auth["scope"].is_null() => Err(scoped()),
            Some("application_credential") => Self::by_credential(cloud, &identity["application_credential"]),
            Some("token") => Self::by_token(cloud, identity["token"]["id"].as_str().unwrap_or_default()),
            _ => Err(Refusal::unauthorized()),
        }
    }

    fn by_password(cloud: &'a CloudState, claim: &Value) -> Result<Self, Refusal> {
        let user = find(cloud, claim).filter(|user| claim["password"] == user.password.as_str());
        let user = user.ok_or_else(Refusal::unauthorized)?;
        Ok(Self { user, method: "password", credential: None, earlier: None })
    }

    fn by_credential(cloud: &'a CloudState, claim: &Value) -> Result<Self, Refusal> {
        let named = |it: &&FakeCredential| {
            claim["id"] == it.id.as_str()
                || claim["name"] == it.name.as_str() && find(cloud, &claim["user"]).is_some_and(|u| u.name == it.user)
        };
        let credential = cloud.setup.credentials.iter().find(named).ok_or_else(|| unknown(claim))?;
        let user = cloud.setup.users.iter().find(|user| user.name == credential.user);
        let user = user.filter(|_| claim["secret"] == credential.secret.as_str()).ok_or_else(Refusal::unauthorized)?;
        Ok(Self { user, method: "application_credential", credential: Some(credential), earlier: None })
    }

    fn by_token(cloud: &'a CloudState, text: &str) -> Result<Self, Refusal> {
        let earlier = cloud.tokens.valid(text).ok_or_else(Refusal::unauthorized)?;
        let user = cloud.setup.users.iter().find(|user| user.name == earlier.user);
        let user = user.ok_or_else(Refusal::unauthorized)?;
        Ok(Self { user, method: "token", credential: None, earlier: Some(earlier) })
    }

    /// What `auth.scope` asks for, if the user may have it.
    pub(super) fn scope(&self, scope: &Value) -> Result<Scope, Refusal> {
        let user = self.user;
        if self.credential.is_some() {
            return Ok(Scope::Project);
        }
        if scope.is_null() || scope == "unscoped" {
            return Ok(Scope::Nothing);
        }
        if scope["system"]["all"] == true && user.system {
            return Ok(Scope::System);
        }
        let project = &scope["project"];
        let own = project["id"] == keystone_id("project", &user.project)
            || project["name"] == user.project.as_str() && in_default_domain(project);
        if own && !user.roles.is_empty() { Ok(Scope::Project) } else { Err(Refusal::unauthorized()) }
    }
}

fn find<'a>(cloud: &'a CloudState, claim: &Value) -> Option<&'a FakeUser> {
    cloud.setup.users.iter().find(|user| {
        claim["id"] == keystone_id("user", &user.name)
            || claim["name"] == user.name.as_str() && in_default_domain(claim)
    })
}

fn in_default_domain(of: &Value) -> bool {
    of["domain"]["name"] == "Default" || of["domain"]["id"] == "default"
}

fn unknown(claim: &Value) -> Refusal {
    let which = claim["id"].as_str().or(claim["name"].as_str()).unwrap_or_default();
    Refusal::new(StatusCode::NOT_FOUND, format!("Could not find Application Credential: {which}."))
}

fn scoped() -> Refusal {
    let message = "Error authenticating with application credential: Application credentials cannot request a scope.";
    Refusal { of_a_method: true, ..Refusal::new(StatusCode::UNAUTHORIZED, message) }
}
