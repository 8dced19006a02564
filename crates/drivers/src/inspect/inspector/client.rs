//! Requests to an external introspection service, in ironic-inspector's API.
//!
//! **Invariant:** every call ends within its deadline; one that starts something is sent again only
//! if it was certainly not carried out.

use std::{fmt, time::Duration};

use assay_core::id::NodeId;
use backon::{ConstantBuilder, Retryable};
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    cause::root_cause,
    error::DriverError,
    http::{self, Failure, Reply, exchange, plain},
};

/// `manage_boot` came with 1.13; an older service would silently manage the boot.
const VERSION: (&str, &str) = ("X-OpenStack-Ironic-Inspector-API-Version", "1.13");

/// How an external introspection service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectorSettings {
    /// Its URL, with or without `/v1`.
    pub endpoint: String,
    /// How long one request may take, its answer included.
    pub request_timeout: Duration,
}

/// An external introspection service.
pub struct InspectorClient {
    http: Client,
    base: String,
    timeout: Duration,
}

/// Where the service is with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Nothing goes on any more.
    pub finished: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was started, by the service's clock.
    pub started_at: Option<String>,
}

/// A request that was not done as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    base: String,
    request: String,
    write: bool,
    failure: Failure,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the introspection service at {}: {}: ", self.base, self.request)?;
        f.write_str(&self.failure.told(|body| plain(body["error"]["message"].as_str().unwrap_or_default())))
    }
}

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        let text = Self::Inspection(error.to_string());
        if error.may_have_landed() { text.maybe() } else { text }
    }
}

impl CallError {
    const fn status(&self) -> Option<u16> {
        match self.failure {
            Failure::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    const fn was_not_sent(&self) -> bool {
        matches!(self.failure, Failure::NotSent(_))
    }

    fn is_transient(&self) -> bool {
        self.was_not_sent()
            || matches!(self.failure, Failure::NoAnswer(_))
            || self.status().is_some_and(|status| status == 409 || status >= 500)
    }

    fn may_have_landed(&self) -> bool {
        self.write
            && (matches!(self.failure, Failure::NoAnswer(_)) || self.status().is_some_and(|status| status >= 500))
    }
}

impl InspectorClient {
    /// A client of the service.
    ///
    /// # Errors
    /// A sentence on what this machine lacks.
    pub fn new(settings: &InspectorSettings) -> Result<Self, String> {
        let http = http::client(settings.request_timeout)
            .build()
            .map_err(|error| format!("no HTTPS client: {}", root_cause(&error)))?;
        let base = settings.endpoint.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base).to_owned();
        Ok(Self { http, base, timeout: settings.request_timeout })
    }

    /// Its URL, without `/v1`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Which installation of Assay it is; `None` for any other service.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn instance(&self) -> Result<Option<String>, CallError> {
        let reply = self.read("/").await?;
        Ok(reply.headers.get("Assay-Instance").and_then(|value| value.to_str().ok()).map(str::to_owned))
    }

    /// Where it is with the node; `None` if it does not know the node.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn status(&self, node: NodeId) -> Result<Option<Status>, CallError> {
        let path = format!("/v1/introspection/{node}");
        let body = match self.read(&path).await {
            Err(error) if error.status() == Some(404) => return Ok(None),
            reply => reply?.body,
        };
        let Some(finished) = body["finished"].as_bool() else {
            let nonsense = Failure::Nonsense("the status does not say whether it has finished".to_owned());
            return Err(self.failed(&Method::GET, &path, nonsense));
        };
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        Ok(Some(Status { finished, error: text("error"), started_at: text("started_at") }))
    }

    /// Tells it that the node is about to boot. It is asked first, so that one that can't be reached
    /// has certainly not been told, and asked again when the answer was lost: starting twice would
    /// boot a node twice. `repeated`: an earlier try may have landed.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn start(&self, node: NodeId, manage_boot: bool, repeated: bool) -> Result<(), CallError> {
        let before = self.status(node).await?;
        if repeated && before.as_ref().is_some_and(|status| !status.finished) {
            return Ok(());
        }
        let word = if manage_boot { "True" } else { "False" };
        let path = format!("/v1/introspection/{node}?manage_boot={word}");
        let lost = match self.write(&path).await {
            Err(error) if error.may_have_landed() => error,
            result => return result,
        };
        let started = |now: &Status| !now.finished && before.as_ref().is_none_or(|it| it.started_at != now.started_at);
        match self.status(node).await {
            Ok(Some(now)) if started(&now) => Ok(()),
            _ => Err(lost),
        }
    }

    /// Tells it to forget the node. One that does not know the node, or is about to end by itself,
    /// has nothing to forget.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn abort(&self, node: NodeId) -> Result<(), CallError> {
        let path = format!("/v1/introspection/{node}/abort");
        let tries = (|| self.write(&path)).retry(pauses()).when(CallError::is_transient);
        match tries.await {
            Err(error) if matches!(error.status(), Some(400 | 404 | 409)) => Ok(()),
            result => result,
        }
    }

    /// What it has found out about the node; `None` if it keeps no data.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn data(&self, node: NodeId) -> Result<Option<Value>, CallError> {
        let path = format!("/v1/introspection/{node}/data");
        match self.read(&path).await {
            Err(error) if error.status() == Some(404) => Ok(None),
            Ok(reply) if reply.body.is_object() => Ok(Some(reply.body)),
            Ok(_) => {
                let nonsense = Failure::Nonsense("the data are not a JSON object".to_owned());
                Err(self.failed(&Method::GET, &path, nonsense))
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self, path: &str) -> Result<Reply, CallError> {
        (|| self.once(Method::GET, path)).retry(pauses()).when(CallError::is_transient).await
    }

    async fn write(&self, path: &str) -> Result<(), CallError> {
        (|| self.once(Method::POST, path)).retry(pauses()).when(CallError::was_not_sent).await.map(drop)
    }

    async fn once(&self, method: Method, path: &str) -> Result<Reply, CallError> {
        let request = self.http.request(method.clone(), format!("{}{path}", self.base)).header(VERSION.0, VERSION.1);
        let wanted = method == Method::GET;
        let reply = exchange("introspection", request, wanted, Instant::now() + self.timeout).await;
        reply.map_err(|failure| self.failed(&method, path, failure))
    }

    fn failed(&self, method: &Method, path: &str, failure: Failure) -> CallError {
        let write = *method != Method::GET;
        CallError { base: self.base.clone(), request: format!("{method} {path}"), write, failure }
    }
}

/// A service that is being restarted is back soon.
fn pauses() -> ConstantBuilder {
    ConstantBuilder::default().with_delay(Duration::from_millis(500)).with_max_times(2)
}
