//! From keystoneauth's options to how a service is called; what contradicts itself is refused.

use std::{collections::BTreeSet, time::Duration};

use assay_core::secret::Secret;
use assay_drivers::{
    openstack::{Account, Auth, Credential, Domain, Identity, Named, Scope, Settings},
    redfish::VerifyCa,
};

use super::{
    Config, Sources,
    groups::openstack::{Access, AuthPlugin, Interface, Login, Reach},
    options::OptionGroup,
};

/// The groups that have these options.
const GROUPS: [&str; 2] = ["inspector", "neutron"];

impl Config {
    /// How Neutron is reached; `None` if `[neutron]` has neither authentication nor an endpoint.
    ///
    /// # Errors
    /// Options that contradict each other, by group and name.
    pub fn neutron_settings(&self) -> Result<Option<Settings>, String> {
        settings(&self.neutron_access.0, ["neutron", "Neutron", "neutron"], self.neutron.request_timeout)
    }

    /// How an introspection service is reached; `None` if `[inspector]` has neither authentication
    /// nor an endpoint.
    ///
    /// # Errors
    /// Options that contradict each other, by group and name.
    pub fn inspector_settings(&self) -> Result<Option<Settings>, String> {
        let names = ["inspector", "the introspection service", "introspection"];
        settings(&self.inspector_access.0, names, self.inspector.timeout)
    }
}

/// One line for each group whose options contradict each other.
pub fn contradictions(config: &Config) -> impl Iterator<Item = String> {
    [config.inspector_settings().err(), config.neutron_settings().err()].into_iter().flatten()
}

/// Gives each group with an `auth_section` the options of that group.
pub fn follow_sections(sources: &mut Sources) {
    for group in GROUPS {
        let Some(section) = section(sources, group) else { continue };
        for name in Login::specs().into_iter().map(|spec| spec.name) {
            if let Some(entry) = sources.given(&section, name).cloned() {
                sources.set(group.to_owned(), name.to_owned(), entry);
            }
        }
    }
}

/// The groups that are read for another's `auth_section`.
pub fn sections(sources: &Sources) -> BTreeSet<String> {
    GROUPS.into_iter().filter_map(|group| section(sources, group)).collect()
}

fn section(sources: &Sources, group: &str) -> Option<String> {
    sources.given(group, "auth_section").map(|entry| entry.text.clone())
}

fn settings(
    Access { login, reach }: &Access,
    [group, name, label]: [&'static str; 3],
    request_timeout: Duration,
) -> Result<Option<Settings>, String> {
    let in_group = |wrong: String| format!("[{group}] {wrong}");
    if let (Some(section), None) = (&reach.auth_section, login.auth_type) {
        return Err(in_group(format!("auth_section: [{section}] has no auth_type")));
    }
    let auth = auth(login).map_err(in_group)?;
    if auth == Auth::None && reach.endpoint_override.is_none() {
        return Ok(None);
    }
    Ok(Some(Settings {
        name,
        label,
        group,
        auth,
        service_type: reach.service_type.clone(),
        interfaces: reach.valid_interfaces.iter().map(|interface| word(*interface).to_owned()).collect(),
        region: reach.region_name.clone(),
        endpoint_override: reach.endpoint_override.as_ref().map(|url| url.0.clone()),
        ca: ca(reach).map_err(in_group)?,
        request_timeout,
        connect_retries: reach.connect_retries,
        status_code_retries: reach.status_code_retries,
        headers: Vec::new(),
    }))
}

const fn word(interface: Interface) -> &'static str {
    match interface {
        Interface::Internal => "internal",
        Interface::Public => "public",
        Interface::Admin => "admin",
    }
}

fn ca(reach: &Reach) -> Result<VerifyCa, String> {
    match (&reach.cafile, reach.insecure) {
        (Some(_), true) => Err("cafile has no effect where insecure is true: remove one".to_owned()),
        (None, true) => Ok(VerifyCa::Nobody),
        (Some(file), false) => Ok(VerifyCa::File(file.clone())),
        (None, false) => Ok(VerifyCa::System),
    }
}

fn auth(login: &Login) -> Result<Auth, String> {
    let identity = match login.auth_type {
        None => return without_type(login).map(|()| Auth::None),
        Some(AuthPlugin::None) => return Ok(Auth::None),
        Some(AuthPlugin::HttpBasic) => {
            return Ok(Auth::HttpBasic {
                username: set(&login.username, "username")?,
                password: set(&login.password, "password")?,
            });
        }
        Some(AuthPlugin::Password | AuthPlugin::V3Password) => {
            Identity::Password { user: user(login)?, password: set(&login.password, "password")? }
        }
        Some(AuthPlugin::ApplicationCredential) => application_credential(login)?,
        Some(AuthPlugin::Token | AuthPlugin::V3Token) => Identity::Token(set(&login.token, "token")?),
    };
    let scope = scope(login)?;
    if matches!(identity, Identity::ApplicationCredential { .. }) && scope != Scope::Unasked {
        return Err("an application credential is for one project, its own: remove project_name, project_id, \
                    domain_name, domain_id and system_scope"
            .to_owned());
    }
    Ok(Auth::Keystone(Account { url: set(&login.auth_url, "auth_url")?.0, identity, scope }))
}

/// What was meant for a log-in has no effect without `auth_type`.
fn without_type(login: &Login) -> Result<(), String> {
    for (name, is_set) in [
        ("auth_url", login.auth_url.is_some()),
        ("username", login.username.is_some()),
        ("password", login.password.is_some()),
        ("application_credential_secret", login.application_credential_secret.is_some()),
        ("token", login.token.is_some()),
    ] {
        if is_set {
            return Err(format!("auth_type has to be set where {name} is, such as auth_type = password"));
        }
    }
    Ok(())
}

fn set<T: Clone>(option: &Option<T>, name: &str) -> Result<T, String> {
    option.clone().ok_or_else(|| format!("{name} has to be set for this auth_type"))
}

fn application_credential(login: &Login) -> Result<Identity, String> {
    let secret: Secret = set(&login.application_credential_secret, "application_credential_secret")?;
    let credential = match (&login.application_credential_id, &login.application_credential_name) {
        (Some(id), _) => Credential::Id(id.clone()),
        (None, Some(name)) => Credential::Name(name.clone(), user(login)?),
        (None, None) => return Err("application_credential_id has to be set for this auth_type".to_owned()),
    };
    Ok(Identity::ApplicationCredential { credential, secret })
}

fn user(login: &Login) -> Result<Named, String> {
    let domain = domain(&login.user_domain_id, &login.user_domain_name).or_else(|| default_domain(login));
    match (&login.user_id, &login.username) {
        (Some(id), _) => Ok(Named::Id(id.clone())),
        (None, Some(name)) => named(name, domain, "user_domain_name has to be set where username is"),
        (None, None) => Err("username has to be set for this auth_type".to_owned()),
    }
}

fn project(login: &Login) -> Result<Option<Named>, String> {
    let domain = domain(&login.project_domain_id, &login.project_domain_name).or_else(|| default_domain(login));
    match (&login.project_id, &login.project_name) {
        (Some(id), _) => Ok(Some(Named::Id(id.clone()))),
        (None, Some(name)) => named(name, domain, "project_domain_name has to be set where project_name is").map(Some),
        (None, None) => Ok(None),
    }
}

fn named(name: &str, domain: Option<Domain>, without: &str) -> Result<Named, String> {
    domain.map(|domain| Named::Name(name.to_owned(), domain)).ok_or_else(|| without.to_owned())
}

fn domain(id: &Option<String>, name: &Option<String>) -> Option<Domain> {
    id.clone().map(Domain::Id).or_else(|| name.clone().map(Domain::Name))
}

fn default_domain(login: &Login) -> Option<Domain> {
    domain(&login.default_domain_id, &login.default_domain_name)
}

fn scope(login: &Login) -> Result<Scope, String> {
    let of_domain = domain(&login.domain_id, &login.domain_name).map(Scope::Domain);
    let of_system = login.system_scope.map(|_| Scope::System);
    let mut scopes = [project(login)?.map(Scope::Project), of_domain, of_system].into_iter().flatten();
    match (scopes.next(), scopes.next()) {
        (_, Some(_)) => Err("only one of project_name, domain_name and system_scope may be set".to_owned()),
        (scope, None) => Ok(scope.unwrap_or(Scope::Unasked)),
    }
}
