//! What a node's `driver_info` says about its Redfish BMC.

use assay_core::{node::Node, secret::Secret};
use reqwest::Url;
use serde_json::Value;

use super::RedfishConfig;
use crate::{driver_info::Reader, error::DriverError, interface::Property, verify_ca::VerifyCa};

/// The keys of `driver_info` that are read here.
pub const PROPERTIES: &[Property] = &[
    ("redfish_address", "URL of the BMC, such as https://10.0.0.5; https where no scheme is given. Required."),
    (
        "redfish_system_id",
        "Path of the system, such as /redfish/v1/Systems/1. May be left out where the BMC has only one.",
    ),
    ("redfish_username", "Account on the BMC."),
    ("redfish_password", "Password of that account."),
    (
        "redfish_verify_ca",
        "True to trust the system's authorities, False to trust anyone, or the path of a file of certificates.",
    ),
    ("redfish_auth_type", "session, basic, or auto: session where the BMC has it, else basic."),
];

/// How to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// A session where the BMC lets us have one, else basic.
    Auto,
    /// HTTP basic.
    Basic,
    /// A session, and nothing else.
    Session,
}

impl AuthType {
    /// Reads `auto`, `basic` or `session`, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "basic" => Some(Self::Basic),
            "session" => Some(Self::Session),
            _ => None,
        }
    }
}

/// The BMC of one node: where it is, and as whom we come.
#[derive(Clone, Debug)]
pub struct DriverInfo {
    /// Scheme, host and port; the path is `/`.
    pub address: Url,
    /// The system's path; `None`: the BMC's only one.
    pub system_id: Option<String>,
    /// The account; `None`: no authentication.
    pub username: Option<String>,
    /// The account's password.
    pub password: Option<Secret>,
    /// Whose word on the BMC's certificate is taken.
    pub verify_ca: VerifyCa,
    /// How to prove who we are.
    pub auth_type: AuthType,
}

impl DriverInfo {
    /// Reads `driver_info`.
    ///
    /// # Errors
    /// Missing, naming all that is missing; else invalid, with a sentence for each wrong value.
    pub fn parse(node: &Node, config: &RedfishConfig) -> Result<Self, DriverError> {
        let mut reader = Reader::of(node);
        let address = reader.required("redfish_address", "the URL of a BMC, without user and password", parse_address);
        let auth_type = reader
            .optional("redfish_auth_type", "auto, basic or session", |value| value.as_str().and_then(AuthType::parse));
        if matches!(auth_type, Some(AuthType::Basic | AuthType::Session)) {
            reader.demand("redfish_username");
        }
        let expected = "the path of a system, such as /redfish/v1/Systems/1";
        let system_id = reader.optional("redfish_system_id", expected, parse_system_id);
        let username = reader.optional("redfish_username", "a string", |value| value.as_str().map(str::to_owned));
        let verify_ca = reader.optional("redfish_verify_ca", "a boolean or the path of a file", VerifyCa::parse);
        let info = address.map(|address| Self {
            address,
            system_id,
            username,
            password: node.secrets.get("redfish_password").cloned(),
            verify_ca: verify_ca.unwrap_or_else(|| config.verify_ca.clone()),
            auth_type: auth_type.unwrap_or(config.auth_type),
        });
        reader.end("Redfish", info)
    }
}

/// `https` is assumed where no scheme is given; a path is dropped, as the service root is fixed.
fn parse_address(value: &Value) -> Option<Url> {
    let text = value.as_str()?.trim();
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let mut url = Url::parse(&with_scheme).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

fn parse_system_id(value: &Value) -> Option<String> {
    let path = value.as_str()?;
    let safe = path.starts_with('/') && !path.starts_with("//") && !path.contains(char::is_control);
    safe.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;
    use serde_json::json;

    fn parse(driver_info: &Value) -> Result<DriverInfo, DriverError> {
        let mut node = task("redfish").node;
        node.driver_info = driver_info.as_object().unwrap().clone();
        DriverInfo::parse(&node, &RedfishConfig::default())
    }

    #[test]
    fn an_address_may_come_with_or_without_scheme_and_path() {
        for (text, url) in [
            ("10.0.0.5", "https://10.0.0.5/"),
            ("bmc.example:8443", "https://bmc.example:8443/"),
            ("http://127.0.0.1:8000/redfish/v1/", "http://127.0.0.1:8000/"),
            ("https://[2001:db8::5]", "https://[2001:db8::5]/"),
        ] {
            assert_eq!(parse(&json!({"redfish_address": text})).unwrap().address.as_str(), url);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = parse(&json!({"redfish_auth_type": "basic", "redfish_system_id": 5})).unwrap_err();
        let text = "Missing the following Redfish properties in node 00000000-0000-0000-0000-000000000007 \
                    driver_info: redfish_address, redfish_username";
        assert_eq!(error, DriverError::MissingParameterValue(text.to_owned()));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = parse(&json!({
            "redfish_address": "ftp://bmc", "redfish_system_id": "1", "redfish_verify_ca": "maybe",
            "redfish_auth_type": "kerberos", "redfish_username": 5,
        }))
        .unwrap_err();
        let DriverError::InvalidParameterValue(text) = error else { panic!("{error:?}") };
        for key in ["address", "system_id", "verify_ca", "auth_type", "username"] {
            assert!(text.contains(&format!("driver_info/redfish_{key} on node")), "{key}: {text}");
        }
    }
}
