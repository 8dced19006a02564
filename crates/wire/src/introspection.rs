//! The introspection API (ironic-inspector's, version 1.18): its words, its versions, its errors.

use assay_core::{
    id::NodeId,
    node::Timestamp,
    run::introspection::{Introspection, IntrospectionState},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{links::Link, query::Arguments, repr::repr};

/// The header in which clients say their version.
pub const VERSION: &str = "x-openstack-ironic-inspector-api-version";
/// The header of the oldest version, in every answer.
pub const MINIMUM_VERSION: &str = "x-openstack-ironic-inspector-api-minimum-version";
/// The header of the newest version, in every answer.
pub const MAXIMUM_VERSION: &str = "x-openstack-ironic-inspector-api-maximum-version";
/// Which installation this is, in the answer to `GET /`: how Assay knows its own service again.
pub const INSTANCE: &str = "assay-instance";

/// The oldest version.
pub const MINIMUM: &str = "1.0";
/// The newest version.
pub const MAXIMUM: &str = "1.18";
const MAXIMUM_MINOR: u32 = 18;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectionRefusal {
    /// 400.
    #[error("{0}")]
    Invalid(String),
    /// 406.
    #[error("Unsupported API version {0}, supported range is {MINIMUM} to {MAXIMUM}")]
    Unsupported(String),
}

/// Checks the version that a client asks for. All versions are served alike.
///
/// # Errors
/// It is none, or out of range.
pub fn check_version(asked: &str) -> Result<(), IntrospectionRefusal> {
    if asked.eq_ignore_ascii_case("latest") {
        return Ok(());
    }
    let malformed =
        || IntrospectionRefusal::Invalid("Malformed API version: expected string in form of X.Y or latest".to_owned());
    let (major, minor) = asked.split_once('.').unwrap_or((asked, "0"));
    let (major, minor): (u32, u32) = major.parse().ok().zip(minor.parse().ok()).ok_or_else(malformed)?;
    let served = major == 1 && minor <= MAXIMUM_MINOR;
    if served { Ok(()) } else { Err(IntrospectionRefusal::Unsupported(asked.to_owned())) }
}

/// The body of every error.
#[must_use]
pub fn error(text: &str) -> Value {
    json!({"error": {"message": text}})
}

/// `GET /`.
#[must_use]
pub fn root(base: &str) -> Value {
    json!({"versions": [{"id": MAXIMUM, "links": links(format!("{base}/v1")), "status": "CURRENT"}]})
}

/// `GET /v1`.
#[must_use]
pub fn v1(base: &str) -> Value {
    let resource = |name: &str| json!({"links": links(format!("{base}/v1/{name}")), "name": name});
    json!({"resources": [resource("continue"), resource("introspection"), resource("rules")]})
}

fn links(href: String) -> [Link; 1] {
    [Link { href, rel: "self", media: None }]
}

/// An introspection's status, as clients get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are the API's own")]
pub struct Status {
    pub error: Option<String>,
    pub finished: bool,
    pub finished_at: Option<String>,
    pub links: [Link; 1],
    pub started_at: String,
    pub state: &'static str,
    pub uuid: NodeId,
}

impl Status {
    /// The status of a node's introspection; `base` is the service's URL without its version.
    #[must_use]
    pub fn of(node: NodeId, introspection: Introspection, base: &str) -> Self {
        Self {
            error: introspection.error,
            finished: introspection.finished_at.is_some(),
            finished_at: introspection.finished_at.map(time),
            links: links(format!("{base}/v1/introspection/{node}")),
            started_at: time(introspection.started_at),
            state: introspection.state.as_str(),
            uuid: node,
        }
    }
}

/// Without a zone, which clients take for UTC.
fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// What a client wants of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// The node after which the page begins.
    pub marker: Option<NodeId>,
    /// At most so many.
    pub limit: usize,
    /// Only these states; empty: all.
    pub states: Vec<IntrospectionState>,
}

impl ListQuery {
    /// Reads the arguments of the list; those that nobody knows are ignored, as in the field.
    ///
    /// # Errors
    /// A marker, limit or state that is none.
    pub fn take(arguments: &mut Arguments, max_limit: usize) -> Result<Self, IntrospectionRefusal> {
        let invalid = IntrospectionRefusal::Invalid;
        let marker = arguments.take("marker").map(|text| {
            Uuid::try_parse(&text).map(NodeId).map_err(|_| invalid(format!("The marker {text} is not a valid UUID")))
        });
        let limit = arguments.take("limit").map_or(Ok(max_limit), |text| limit(&text, max_limit))?;
        let states = arguments.take("state").filter(|text| !text.is_empty()).map(|text| {
            let state = |word: &str| {
                let word = word.trim();
                IntrospectionState::parse(word).ok_or_else(|| invalid(format!("Invalid introspection state: {word}")))
            };
            text.split(',').map(state).collect()
        });
        Ok(Self { marker: marker.transpose()?, limit, states: states.transpose()?.unwrap_or_default() })
    }
}

/// Zero means the greatest.
fn limit(text: &str, max: usize) -> Result<usize, IntrospectionRefusal> {
    match text.parse::<i64>().map(usize::try_from) {
        Ok(Ok(0)) => Ok(max),
        Ok(Ok(limit)) if limit <= max => Ok(limit),
        Ok(Ok(_)) => Err(IntrospectionRefusal::Invalid(format!("Limit over {max}"))),
        Ok(Err(_)) => Err(IntrospectionRefusal::Invalid("Limit cannot be negative".to_owned())),
        Err(_) => Err(IntrospectionRefusal::Invalid(format!("Limit {text} is not a whole number"))),
    }
}

/// Reads `manage_boot`, which is true unless it is said.
///
/// # Errors
/// A value that is no truth value.
pub fn manage_boot(arguments: &mut Arguments) -> Result<bool, IntrospectionRefusal> {
    let Some(text) = arguments.take("manage_boot") else { return Ok(true) };
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(IntrospectionRefusal::Invalid(format!("Invalid boolean value for manage_boot: {text}"))),
    }
}

/// What a ramdisk is told whose node is not known, or does not wait for it.
#[must_use]
pub fn nobody_waits(bmc_addresses: &[String], macs: &[String]) -> String {
    let mut attributes = Vec::new();
    for (name, values) in [("bmc_address", bmc_addresses), ("mac", macs)] {
        if !values.is_empty() {
            attributes.push(format!("'{name}': {}", repr(&json!(values))));
        }
    }
    failed_hooks(&format!("Look up error: Could not find a node for attributes {{{}}}", attributes.join(", ")))
}

/// What a ramdisk is told whose data could not be used.
#[must_use]
pub fn failed_hooks(why: &str) -> String {
    format!("The following failures happened during running pre-processing hooks:\n{why}")
}
