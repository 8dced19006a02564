//! Requests to an external introspection service, in ironic-inspector's API.
//!
//! **Invariant:** one that starts something is sent again only if it was certainly not carried out.

use std::time::Duration;

use assay_core::id::NodeId;
use backon::{ConstantBuilder, Retryable};
use reqwest::Method;
use serde_json::Value;

use crate::{
    error::DriverError,
    http::Reply,
    openstack::{Call, CallError, Retry, Service, Settings},
};

/// `manage_boot` came with 1.13; an older service would silently manage the boot.
const VERSION: (&str, &str) = ("X-OpenStack-Ironic-Inspector-API-Version", "1.13");

/// An external introspection service.
pub struct InspectorClient {
    service: Service,
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

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        error.into_driver_error(Self::Inspection)
    }
}

impl InspectorClient {
    /// A client of the service.
    ///
    /// # Errors
    /// Which option is wrong.
    pub fn new(mut settings: Settings) -> Result<Self, String> {
        settings.headers.push(VERSION);
        Ok(Self { service: Service::new(settings)? })
    }

    /// Its URL, without `/v1`.
    ///
    /// # Errors
    /// `CallError`.
    pub async fn endpoint(&self) -> Result<String, CallError> {
        self.service.endpoint().await
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
            return Err(self.service.nonsense(&Method::GET, &path, "the status does not say whether it has finished"));
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
        let (path, query) = (format!("/v1/introspection/{node}"), [("manage_boot", word.to_owned())]);
        let lost = match self.write(&path, &query, Retry::IfNotSent).await {
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
        let abort = || self.write(&path, &[], Retry::Idempotent);
        match abort.retry(pauses()).when(|error| error.status() == Some(409)).await {
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
            Ok(_) => Err(self.service.nonsense(&Method::GET, &path, "the data are not a JSON object")),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, path: &str) -> Result<Reply, CallError> {
        let retry = Retry::Idempotent;
        self.service.reply(Call { method: Method::GET, path, query: &[], body: None, retry }).await
    }

    async fn write(&self, path: &str, query: &[(&str, String)], retry: Retry) -> Result<(), CallError> {
        self.service.call(Call { method: Method::POST, path, query, body: None, retry }).await.map(drop)
    }
}

/// A lock is soon given back.
fn pauses() -> ConstantBuilder {
    ConstantBuilder::default().with_delay(Duration::from_millis(500)).with_max_times(2)
}
