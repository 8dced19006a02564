//! What Keystone 30.0.0 and Neutron 29.0.0 were recorded to be asked and to answer.

use super::*;
use crate::openstack::{CallError, Credential};

fn recorded(name: &str) -> Value {
    let file = format!("{}/tests/data/neutron/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap()
}

/// The recorded answer.
fn replayed(name: &str) -> Manner {
    let response = &recorded(name)["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let body = if response["body"] == "" { String::new() } else { response["body"].to_string() };
    Manner::Answer(status, "X-Subject-Token: TOKEN\r\n", body)
}

fn password(name: &str, password: &str, scope: Scope) -> Account {
    let identity = Identity::Password { user: user(name), password: secret(password) };
    Account { url: String::new(), identity, scope }
}

fn application(credential: Credential, with: &str, scope: Scope) -> Account {
    let identity = Identity::ApplicationCredential { credential, secret: secret(with) };
    Account { url: String::new(), identity, scope }
}

/// Asks a Keystone for the network's URL that takes the recorded request only and answers as recorded.
async fn ask(name: &'static str, account: Account) -> Result<(String, Option<String>), CallError> {
    let expected = recorded(name)["request"]["body"].clone();
    let keystone = Rude::start(move |seen| {
        assert_eq!((seen.line.as_str(), &seen.body), ("POST /v3/auth/tokens", &expected));
        replayed(name)
    })
    .await;
    let auth = Auth::Keystone(Account { url: keystone.address.clone(), ..account });
    let service = Service::new(settings(auth)).unwrap();
    Ok((service.endpoint().await?, service.project().await?))
}

fn service() -> Scope {
    Scope::Project(user("service"))
}

#[tokio::test]
async fn each_way_to_log_in_is_asked_for_as_recorded() {
    let id = || Credential::Id("19c0a60062fe4d76a7a0a588f30c674e".to_owned());
    let by_name = Credential::Name("ironic-ac".to_owned(), user("ironic"));
    let token = Account { url: String::new(), identity: Identity::Token(secret("TOKEN")), scope: service() };
    for (name, account, has_project) in [
        ("ks-token-password-project", password("ironic", "ntsecret", service()), true),
        ("ks-token-password-system", password("admin", "ntsecret", Scope::System), false),
        ("ks-token-appcred", application(id(), "acsecret", Scope::Unasked), true),
        ("ks-token-appcred-by-name", application(by_name, "acsecret", Scope::Unasked), true),
        ("ks-token-rescope", token, true),
    ] {
        let (endpoint, project) = ask(name, account).await.unwrap();
        assert_eq!(endpoint, "http://127.0.0.1:29696", "{name}");
        let expected = has_project.then(|| "4064c24a23464eb28322de3ddd379c07".to_owned());
        assert_eq!(project, expected, "{name}");
    }
}

#[tokio::test]
async fn a_refused_log_in_says_which_options_to_look_at() {
    let id = |id: &str| Credential::Id(id.to_owned());
    let known = || id("19c0a60062fe4d76a7a0a588f30c674e");
    let demo = Scope::Project(user("demo"));
    let domain = Scope::Domain(Domain::Name("Default".to_owned()));
    let nowhere = Scope::Project(user("nowhere"));
    let password_options = "check [neutron] username, password, user_domain_name and project_name";
    let application_options = "check [neutron] application_credential_id and application_credential_secret";
    for (name, account, status, advice) in [
        ("ks-token-bad-password-401", password("ironic", "wrong", service()), "HTTP 401: ", password_options),
        ("ks-token-unknown-user-401", password("who", "wrong", service()), "HTTP 401: ", password_options),
        ("ks-token-unknown-project-401", password("ironic", "ntsecret", nowhere), "HTTP 401: ", password_options),
        (
            "ks-token-no-role-401",
            password("nobody", "ntsecret", service()),
            "HTTP 401: ",
            "where the user needs a role",
        ),
        ("ks-token-password-domain-401", password("ironic", "ntsecret", domain), "HTTP 401: ", password_options),
        (
            "ks-token-appcred-bad-secret-401",
            application(known(), "wrong", Scope::Unasked),
            "HTTP 401: ",
            application_options,
        ),
        (
            "ks-token-appcred-unknown-404",
            application(id(&"0".repeat(32)), "wrong", Scope::Unasked),
            "HTTP 404: Could not find Application Credential: 0000",
            application_options,
        ),
        (
            "ks-token-appcred-with-scope-401",
            application(known(), "acsecret", demo),
            "Application credentials cannot request a scope.",
            application_options,
        ),
        (
            "ks-token-password-unscoped",
            password("ironic", "ntsecret", Scope::Unasked),
            "the catalog has no endpoint of type network, interface internal or public, but is empty",
            "see [neutron] service_type, valid_interfaces, region_name and endpoint_override",
        ),
    ] {
        let error = ask(name, account).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("Keystone at http://127.0.0.1:"), "{text}");
        assert!(text.contains(status) && text.contains(advice), "{text}");
        assert!(error.was_not_sent() && error.status().is_none() && !error.may_have_landed(), "{error:?}");
    }
}

#[tokio::test]
async fn each_form_of_an_error_keeps_its_kind_and_its_words() {
    for (name, method, kind, text) in [
        ("nt-port-get-404", Method::GET, Some("PortNotFound"), "HTTP 404 PortNotFound: Port a2a2bdc3-"),
        (
            "nt-bad-path-404",
            Method::GET,
            Some("HTTPNotFound"),
            "HTTP 404 HTTPNotFound: The resource could not be found.",
        ),
        (
            "nt-extension-absent-404",
            Method::GET,
            None,
            "HTTP 404: The resource could not be found. Extension with alias nope does not exist",
        ),
        (
            "nt-port-create-mac-in-use-409",
            Method::POST,
            Some("MacAddressInUse"),
            "HTTP 409 MacAddressInUse: Unable to complete operation for network",
        ),
        (
            "nt-port-create-admin-role-only",
            Method::POST,
            Some("PolicyNotAuthorized"),
            "give the user of [neutron] the role service: Neutron lets no other role set binding:profile",
        ),
        ("nt-bad-token-401", Method::GET, None, "authentication.; is the Keystone of [neutron] auth_url the one"),
        (
            "nt-port-switch-unreachable",
            Method::POST,
            Some("GenericSwitchNetmikoConnectError"),
            "HTTP 500 GenericSwitchNetmikoConnectError: Failed to connect to Netmiko switch.",
        ),
    ] {
        let cloud = Cloud::with(move |_, _| replayed(name)).await;
        let error = cloud.service.call(call(method.clone(), "/v2.0/ports", Retry::IfNotSent)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}");
        let start = format!("Neutron at {}/networking: {method} /v2.0/ports: HTTP ", cloud.rude.address);
        let told = error.to_string();
        assert!(told.starts_with(&start) && told.contains(text), "{told}");
        assert_eq!(error.may_have_landed(), name == "nt-port-switch-unreachable", "{name}");
    }
}

#[tokio::test]
async fn a_list_and_an_empty_answer_are_taken_as_recorded() {
    let cloud = Cloud::with(|seen, _| match seen.line.starts_with("DELETE") {
        true => replayed("nt-port-delete-204"),
        false => replayed("nt-networks-by-name"),
    })
    .await;
    let query = [("name", "in spection".to_owned())];
    let found = cloud.service.call(Call { query: &query, ..get("/v2.0/networks") }).await.unwrap();
    assert_eq!(found["networks"][0]["name"], "inspection");
    let deleted = cloud.service.call(call(Method::DELETE, "/v2.0/ports/x", Retry::Idempotent)).await;
    assert_eq!(deleted.unwrap(), Value::Null);
    let lines: Vec<String> = cloud.rude.seen("").into_iter().skip(1).map(|seen| seen.line).collect();
    assert_eq!(lines, ["GET /networking/v2.0/networks?name=in+spection", "DELETE /networking/v2.0/ports/x"]);
    assert_eq!(cloud.service.project().await.unwrap().as_deref(), Some("p1"));
}
