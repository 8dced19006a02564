//! keystoneauth's options: each is acted on, each contradiction is named, no secret is shown.

use assay_drivers::openstack::{Account, Auth, Credential, Domain, Identity, Named, Scope, Service, Settings};

use super::{
    Config,
    tests::{load_text, origin, refusal},
};

const PASSWORD: &str = "auth_type = password\nauth_url = http://k/v3\nusername = ironic\npassword = hunter2\n\
                        user_domain_name = Default\nproject_name = service\nproject_domain_name = Default\n";

/// The options of a group `[neutron]`.
fn neutron(options: &str) -> Config {
    load_text(&format!("[neutron]\n{options}"), &[]).unwrap().config
}

fn settings(options: &str) -> Settings {
    neutron(options).neutron_settings().unwrap().unwrap()
}

fn account(options: &str) -> Account {
    match settings(options).auth {
        Auth::Keystone(account) => account,
        other => panic!("{other:?}"),
    }
}

fn default_domain() -> Domain {
    Domain::Name("Default".to_owned())
}

#[test]
fn a_group_without_auth_and_endpoint_is_no_service() {
    for options in ["", "auth_type = none\n", "region_name = R1\nconnect_retries = 1\n"] {
        assert!(neutron(options).neutron_settings().unwrap().is_none(), "{options}");
    }
    let settings = settings("endpoint_override = http://h:9696/v2.0\n");
    assert_eq!((&settings.auth, settings.name, &*settings.service_type), (&Auth::None, "Neutron", "network"));
    assert!(Service::new(settings).is_ok());
    let inspector =
        load_text("[inspector]\nauth_type = none\nendpoint_override = http://h:5050\n", &[]).unwrap().config;
    let settings = inspector.inspector_settings().unwrap().unwrap();
    assert_eq!((settings.group, &*settings.service_type), ("inspector", "baremetal-introspection"));
    assert_eq!(settings.interfaces, ["internal", "public"]);
    assert!(inspector.neutron_settings().unwrap().is_none());
}

#[test]
fn each_plugin_logs_in_in_its_way() {
    let Account { url, identity, scope } = account(PASSWORD);
    assert_eq!(url, "http://k/v3");
    assert!(matches!(identity, Identity::Password { user: Named::Name(name, _), .. } if name == "ironic"));
    assert_eq!(scope, Scope::Project(Named::Name("service".to_owned(), default_domain())));
    let application = "auth_type = v3applicationcredential\nauth_url = http://k\napplication_credential_secret = s\n";
    let by_id = account(&format!("{application}application_credential_id = 77\n")).identity;
    assert!(matches!(by_id, Identity::ApplicationCredential { credential: Credential::Id(id), .. } if id == "77"));
    let by_name = format!("{application}application_credential_name = ac\nusername = u\nuser_domain_name = Default\n");
    let user = Named::Name("u".to_owned(), default_domain());
    let by_name = account(&by_name).identity;
    assert!(
        matches!(by_name, Identity::ApplicationCredential { credential: Credential::Name(_, of), .. } if of == user)
    );
    let token = account("auth_type = token\nauth_url = http://k\ntoken = t\nproject_id = 5\n");
    assert!(matches!(token.identity, Identity::Token(token) if token.reveal() == "t"));
    assert_eq!(token.scope, Scope::Project(Named::Id("5".to_owned())));
    let basic = settings("auth_type = http_basic\nusername = u\npassword = p\nendpoint = http://h\n").auth;
    assert!(matches!(basic, Auth::HttpBasic { username, password } if username == "u" && password.reveal() == "p"));
}

#[test]
fn every_option_that_is_read_changes_something() {
    let of_domain = "auth_type = password\nauth_url = http://k\nuser_id = u\npassword = p\ndomain_name = d\n";
    let of_default = "auth_type = password\nauth_url = http://k\nusername = u\npassword = p\nproject_name = s\n\
                      default_domain_name = d\n";
    let of_system = "auth_type = password\nauth_url = http://k\nuser_id = u\npassword = p\n";
    let application = "auth_type = v3applicationcredential\nauth_url = http://k\napplication_credential_id = a\n\
                       application_credential_secret = s\nusername = u\nuser_domain_name = d\n";
    let token = "auth_type = token\nauth_url = http://k\ntoken = t\n";
    let by_name = application.replace("_id = a", "_name = a");
    for (base, option) in [
        (PASSWORD, "auth_url = http://other"),
        (PASSWORD, "username = other"),
        (PASSWORD, "user_id = other"),
        (PASSWORD, "password = other"),
        (PASSWORD, "user_domain_name = other"),
        (PASSWORD, "user_domain_id = other"),
        (PASSWORD, "project_name = other"),
        (PASSWORD, "project_id = other"),
        (PASSWORD, "project_domain_name = other"),
        (PASSWORD, "project_domain_id = other"),
        (PASSWORD, "cafile = /etc/ca.pem"),
        (PASSWORD, "insecure = true"),
        (PASSWORD, "service_type = other"),
        (PASSWORD, "valid_interfaces = admin"),
        (PASSWORD, "region_name = other"),
        (PASSWORD, "endpoint_override = http://other"),
        (PASSWORD, "connect_retries = 7"),
        (PASSWORD, "status_code_retries = 7"),
        (PASSWORD, "request_timeout = 7"),
        (of_domain, "domain_name = other"),
        (of_domain, "domain_id = other"),
        (of_default, "default_domain_name = other"),
        (of_default, "default_domain_id = other"),
        (of_system, "system_scope = all"),
        (application, "application_credential_id = other"),
        (application, "application_credential_secret = other"),
        (&by_name, "application_credential_name = other"),
        (token, "token = other"),
        (
            token,
            "auth_type = v3applicationcredential\napplication_credential_id = a\napplication_credential_secret = s",
        ),
    ] {
        let changed = format!("{base}{option}\n");
        assert_ne!(settings(base), settings(&changed), "{option}");
    }
}

#[test]
fn options_that_contradict_each_other_stop_the_start() {
    let without = |line: &str| PASSWORD.replace(&format!("{line}\n"), "");
    for (options, text) in [
        (without("auth_url = http://k/v3"), "[neutron] auth_url has to be set for this auth_type"),
        (without("username = ironic"), "[neutron] username has to be set for this auth_type"),
        (without("password = hunter2"), "[neutron] password has to be set for this auth_type"),
        (without("user_domain_name = Default"), "[neutron] user_domain_name has to be set where username is"),
        (without("project_domain_name = Default"), "[neutron] project_domain_name has to be set where project_name is"),
        (without("auth_type = password"), "[neutron] auth_type has to be set where auth_url is"),
        (format!("{PASSWORD}system_scope = all\n"), "[neutron] only one of project_name, domain_name and system_scope"),
        ("auth_section = nowhere\n".to_owned(), "[neutron] auth_section: [nowhere] has no auth_type"),
        (format!("{PASSWORD}insecure = yes\ncafile = /x\n"), "[neutron] cafile has no effect where insecure is true"),
        (format!("{PASSWORD}valid_interfaces = intern\n"), "[neutron] valid_interfaces: `intern` is no list"),
        (
            format!("{PASSWORD}auth_type = v2password\n"),
            "[neutron] auth_type: `v2password` is no none | http_basic | pass",
        ),
        (
            format!("{PASSWORD}auth_type = v3applicationcredential\napplication_credential_id = a\n"),
            "[neutron] application_credential_secret has to be set",
        ),
        (
            format!(
                "{PASSWORD}auth_type = v3applicationcredential\napplication_credential_id = a\n\
                 application_credential_secret = s\n"
            ),
            "[neutron] an application credential is for one project, its own: remove project_name",
        ),
    ] {
        let refusal = refusal(&format!("[neutron]\n{options}"));
        assert!(refusal.contains(text), "{refusal}");
    }
}

#[test]
fn a_group_may_lend_its_log_in_to_others() {
    let text = format!(
        "[neutron]\nauth_section = keystone\nregion_name = R1\n[inspector]\nauth_section = keystone\n[keystone]\n{PASSWORD}"
    );
    let loaded = load_text(&text, &[]).unwrap();
    let (neutron, inspector) = (loaded.config.neutron_settings(), loaded.config.inspector_settings());
    assert_eq!(neutron.as_ref().unwrap().as_ref().unwrap().auth, inspector.unwrap().unwrap().auth);
    assert_eq!(neutron, Ok(Some(Settings { region: Some("R1".to_owned()), ..settings(PASSWORD) })));
    assert!(origin(&loaded, "neutron", "auth_url").origin.to_string().ends_with(":8"));
    assert!(!loaded.warnings.iter().any(|line| line.contains("[keystone]")), "{:?}", loaded.warnings);
    assert_eq!(origin(&loaded, "DEFAULT", "default_inspect_interface").text.as_deref(), Some("inspector"));
}

#[test]
fn s13_passwords_of_services_are_shown_in_neither_settings_nor_refusals() {
    let text = format!("[neutron]\n{PASSWORD}token = hunter2\napplication_credential_secret = hunter2\n");
    let loaded = load_text(&text, &[]).unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert_eq!(origin(&loaded, "neutron", "password").text.as_deref(), Some("******"));
    for options in [
        "password = pre$hunter2\n",
        "password = ${hunter2}\n",
        "auth_url = http://user:hunter2@k\n",
        "endpoint_override = http://hunter2@h\n",
    ] {
        let refusal = refusal(&format!("[neutron]\n{options}"));
        assert!(refusal.contains("[neutron] ") && !refusal.contains("hunter2"), "{refusal}");
    }
}
