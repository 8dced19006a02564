//! How OpenStack services are reached: keystoneauth's options, one table for every group that has them.

use std::{path::PathBuf, time::Duration};

use assay_core::secret::Secret;

use crate::config::{
    options::{OptionGroup, options},
    own_values::{ServiceUrl, choices},
    reader::Reader,
    spec::OptionSpec,
};

choices! {
    /// keystoneauth's plugins.
    AuthPlugin {
        /// Requests carry no proof.
        None = "none",
        /// HTTP basic authentication.
        HttpBasic = "http_basic",
        /// A user's password.
        Password = "password",
        /// The same.
        V3Password = "v3password",
        /// An application credential.
        ApplicationCredential = "v3applicationcredential",
        /// A token that was had elsewhere.
        Token = "token",
        /// The same.
        V3Token = "v3token",
    }
}

choices! {
    /// Which of a service's endpoints.
    Interface {
        /// For other services.
        Internal = "internal",
        /// For everybody.
        Public = "public",
        /// For administrators.
        Admin = "admin",
    }
}

choices! {
    /// How much of the system.
    SystemScope {
        /// All of it.
        All = "all",
    }
}

options! {
    /// As whom the service is called.
    Login = "keystoneauth" {
        /// How it is to know who calls. Unset: it does not.
        auth_type: Option<AuthPlugin>, formerly "auth_plugin";
        /// Keystone's URL.
        auth_url: Option<ServiceUrl>;
        /// The user's name.
        username: Option<String>, formerly "user_name";
        /// The user's id; it wins over the name.
        user_id: Option<String>;
        /// The user's password.
        password: Option<Secret>;
        /// The domain of the user.
        user_domain_name: Option<String>;
        /// The same by its id, which wins.
        user_domain_id: Option<String>;
        /// The project in which the user has a role.
        project_name: Option<String>, formerly "tenant_name";
        /// The same by its id, which wins.
        project_id: Option<String>, formerly "tenant_id";
        /// The domain of the project.
        project_domain_name: Option<String>;
        /// The same by its id, which wins.
        project_domain_id: Option<String>;
        /// Ask for a token for this domain rather than for a project.
        domain_name: Option<String>;
        /// The same by its id, which wins.
        domain_id: Option<String>;
        /// The domain of user and project where none is given.
        default_domain_name: Option<String>;
        /// The same by its id, which wins.
        default_domain_id: Option<String>;
        /// Ask for a token for the whole system rather than for a project.
        system_scope: Option<SystemScope>;
        /// The id of the application credential.
        application_credential_id: Option<String>;
        /// Its name, next to its user, instead of its id.
        application_credential_name: Option<String>;
        /// Its secret.
        application_credential_secret: Option<Secret>;
        /// The token for `auth_type = token`.
        token: Option<Secret>;
    }
}

options! {
    /// Where the service is.
    Reach = "keystoneauth" {
        /// Another group, whose options of the kind above (`auth_type` to `token`) win over those here.
        auth_section: Option<String>;
        /// The file with the certificates of the authorities that Keystone and the service are
        /// trusted by. Unset: those that this machine trusts.
        cafile: Option<PathBuf>;
        /// Trust any certificate.
        insecure: bool = "false";
        /// The service's type in the catalog.
        service_type: String;
        /// Which of its endpoints may be used, the most wanted first.
        valid_interfaces: Vec<Interface> = "internal,public";
        /// The region of its endpoint. Unset: any.
        region_name: Option<String>;
        /// Its URL, with or without a version. Unset: the catalog's.
        endpoint_override: Option<ServiceUrl>, formerly "endpoint", formerly "url", formerly "service_url";
        /// How often a request that got no answer is repeated, if that does no harm.
        connect_retries: usize = "3", range 0..=20;
        /// How often a request that was answered with 429 or 5xx is repeated, if that does no harm.
        status_code_retries: usize = "3", range 0..=20;
    }
}

/// As whom and where.
#[derive(Clone, Debug)]
pub struct Access {
    /// As whom.
    pub login: Login,
    /// Where.
    pub reach: Reach,
}

/// Makes the group of a service from the two tables.
macro_rules! services {
    ($($(#[doc = $doc:literal])+ $type:ident = $group:literal, $service_type:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $type(pub Access);

        impl OptionGroup for $type {
            const NAME: &'static str = $group;
            const DOC: &'static str = concat!($($doc, "\n"),+);

            fn specs() -> Vec<OptionSpec> {
                let specs = Login::specs().into_iter().chain(Reach::specs());
                specs.map(|spec| match spec.name {
                    "service_type" => OptionSpec { group: $group, default: Some($service_type), ..spec },
                    _ => OptionSpec { group: $group, ..spec },
                }).collect()
            }

            fn read_as(reader: &mut Reader<'_>, mut specs: Vec<OptionSpec>) -> Option<Self> {
                let reach = specs.split_off(Login::specs().len());
                let (login, reach) = (Login::read_as(reader, specs), Reach::read_as(reader, reach));
                Some(Self(Access { login: login?, reach: reach? }))
            }
        }
    )+};
}

services! {
    /// Access to the introspection service. It is the built-in one, unless `auth_type` or `endpoint_override` is set.
    InspectorAccess = "inspector", "baremetal-introspection";
    /// Access to Neutron.
    NeutronAccess = "neutron", "network";
}

options! {
    /// The networks.
    Neutron = "neutron" {
        /// How long Neutron may take to answer; what changes something has 30 seconds at most.
        request_timeout: Duration = "45", range 1..=600;
    }
}
