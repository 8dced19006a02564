//! Our account on one BMC: logged in once, shared by all calls, and logged in anew when forgotten.

use assay_core::secret::Secret;
use reqwest::{Method, RequestBuilder, Url, header::HeaderValue};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, OnceCell},
    time::{Instant, timeout_at},
};

use super::{
    failure::CallError,
    info::{AuthType, DriverInfo},
};
use crate::http::{Failure, Reply, exchange};

/// Where every Redfish service begins (DSP0266, "Resource identifier of the service root").
pub const SERVICE_ROOT: &str = "/redfish/v1/";

/// How requests prove who we are.
#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// The BMC knows no accounts, or none was given.
    Nothing,
    Basic,
    Session {
        token: Secret,
        /// Where it can be closed, if the BMC has told.
        link: Option<String>,
    },
}

/// One request, before it is known how to prove who we are.
pub struct Request<'a> {
    /// `GET`, `PATCH`, `POST` or `DELETE`.
    pub method: Method,
    /// An absolute path, or a link as the BMC gave it.
    pub link: &'a str,
    /// What to send.
    pub body: Option<&'a Value>,
    /// The version that is expected to be changed.
    pub etag: Option<&'a str>,
}

/// One account on one BMC.
pub struct Account {
    http: reqwest::Client,
    info: DriverInfo,
    proof: Mutex<Option<Proof>>,
    /// The path of the BMC's only system, once it was looked for.
    pub(super) only_system: OnceCell<String>,
}

impl Account {
    /// An account that is not logged in yet.
    pub fn new(http: reqwest::Client, info: DriverInfo) -> Self {
        Self { http, info, proof: Mutex::default(), only_system: OnceCell::new() }
    }

    /// The BMC's address, as errors show it.
    pub fn address(&self) -> &str {
        self.info.address.as_str().trim_end_matches('/')
    }

    /// Sends one request, logging in before it where needed, and again when the BMC has forgotten
    /// the session: a request that was answered with 401 was not carried out.
    pub async fn send(&self, request: &Request<'_>, deadline: Instant) -> Result<Reply, CallError> {
        let proof = self.proof(None, deadline).await.map_err(|error| self.blame(request, error))?;
        let first = self.once(request, &proof, deadline).await;
        match (&first, &proof) {
            (Err(error), Proof::Session { .. }) if error.client_error() == Some(401) => {
                let proof = self.proof(Some(&proof), deadline).await.map_err(|error| self.blame(request, error))?;
                self.once(request, &proof, deadline).await
            }
            _ => first,
        }
    }

    async fn once(&self, request: &Request<'_>, proof: &Proof, deadline: Instant) -> Result<Reply, CallError> {
        let url = self.resolve(request)?;
        let mut builder = self.http.request(request.method.clone(), url).header("OData-Version", "4.0");
        if let Some(etag) = request.etag {
            builder = builder.header("If-Match", etag);
        }
        if let Some(body) = request.body {
            builder = builder.json(body);
        }
        // What a BMC says after it has done its work changes nothing.
        let wanted = request.method == Method::GET;
        let reply = exchange("redfish", self.prove(builder, proof), wanted, deadline).await;
        reply.map_err(|failure| self.failed(request, failure))
    }

    fn prove(&self, request: RequestBuilder, proof: &Proof) -> RequestBuilder {
        match proof {
            Proof::Nothing => request,
            Proof::Basic => request.basic_auth(
                self.info.username.as_deref().unwrap_or_default(),
                self.info.password.as_ref().map(Secret::reveal),
            ),
            Proof::Session { token, .. } => match HeaderValue::from_str(token.reveal()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header("X-Auth-Token", value)
                }
                Err(_) => request,
            },
        }
    }

    /// The proof in use; a `stale` one is replaced. Callers that come together log in once.
    async fn proof(&self, stale: Option<&Proof>, deadline: Instant) -> Result<Proof, CallError> {
        let mut held = self.proof.lock().await;
        if held.is_some() && held.as_ref() == stale {
            *held = None;
        }
        if let Some(proof) = &*held {
            return Ok(proof.clone());
        }
        let proof = self.log_in(deadline).await?;
        Ok(held.insert(proof).clone())
    }

    async fn log_in(&self, deadline: Instant) -> Result<Proof, CallError> {
        match (&self.info.username, self.info.auth_type) {
            (None, _) => Ok(Proof::Nothing),
            (Some(_), AuthType::Basic) => Ok(Proof::Basic),
            (Some(_), AuthType::Session) => self.open_session(deadline).await,
            (Some(_), AuthType::Auto) => match self.open_session(deadline).await {
                // Without sessions, or with none left, basic is what remains; wrong credentials
                // show themselves on the request proper.
                Err(error) if matches!(error.failure, Failure::Refused { .. } | Failure::Nonsense(_)) => {
                    Ok(Proof::Basic)
                }
                result => result,
            },
        }
    }

    async fn open_session(&self, deadline: Instant) -> Result<Proof, CallError> {
        let link = self.sessions_link(deadline).await?;
        let user = self.info.username.as_deref().unwrap_or_default();
        let password = self.info.password.as_ref().map_or("", Secret::reveal);
        let body = json!({"UserName": user, "Password": password});
        let request = Request { method: Method::POST, link: &link, body: Some(&body), etag: None };
        let reply = self.once(&request, &Proof::Nothing, deadline).await?;
        let header = |name| reply.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let token = header("X-Auth-Token")
            .ok_or_else(|| self.failed(&request, Failure::Nonsense("a session without X-Auth-Token".to_owned())))?;
        Ok(Proof::Session { token: Secret::new(token), link: header("Location") })
    }

    /// Closes our session, if there is one: BMCs have room for few. One that can't be closed ends by
    /// itself when it has been idle for long.
    pub async fn log_out(&self, deadline: Instant) {
        let Ok(mut proof) = timeout_at(deadline, self.proof.lock()).await else { return };
        let Some(proof @ Proof::Session { .. }) = proof.take() else { return };
        let Proof::Session { link: Some(link), .. } = &proof else { return };
        let request = Request { method: Method::DELETE, link, body: None, etag: None };
        if let Err(error) = self.once(&request, &proof, deadline).await {
            tracing::debug!(%error, "a session stays open");
        }
    }

    /// The sessions' collection: from the root, else from the session service.
    async fn sessions_link(&self, deadline: Instant) -> Result<String, CallError> {
        let link_in = |body: &Value, pointer: &str| body.pointer(pointer)?.as_str().map(str::to_owned);
        let get = |link| Request { method: Method::GET, link, body: None, etag: None };
        let root = self.once(&get(SERVICE_ROOT), &Proof::Nothing, deadline).await?.body;
        if let Some(link) = link_in(&root, "/Links/Sessions/@odata.id") {
            return Ok(link);
        }
        let no_sessions = |link| self.failed(&get(link), Failure::Nonsense("no link to sessions".to_owned()));
        let service = link_in(&root, "/SessionService/@odata.id").ok_or_else(|| no_sessions(SERVICE_ROOT))?;
        let body = self.once(&get(&service), &Proof::Basic, deadline).await?.body;
        link_in(&body, "/Sessions/@odata.id").ok_or_else(|| no_sessions(&service))
    }

    /// Follows a link only to the BMC that gave it: our credentials go nowhere else.
    fn resolve(&self, request: &Request<'_>) -> Result<Url, CallError> {
        let url = self.info.address.join(request.link).ok();
        url.filter(|url| url.origin() == self.info.address.origin())
            .ok_or_else(|| self.failed(request, Failure::Nonsense("a link to another host is not followed".to_owned())))
    }

    /// A failed log-in is told as such, and the write that it was for did not happen.
    fn blame(&self, request: &Request<'_>, error: CallError) -> CallError {
        tracing::debug!(bmc.address = %self.info.address, %error, wanted = request.link, "log-in failed");
        CallError { write: false, ..error }
    }

    /// The failure of `request`, without our password should the BMC have echoed it.
    pub(super) fn failed(&self, request: &Request<'_>, failure: Failure) -> CallError {
        let password = self.info.password.as_ref().map_or("", Secret::reveal);
        CallError {
            address: self.address().to_owned(),
            request: format!("{} {}", request.method, request.link),
            write: request.method != Method::GET,
            failure: failure.without(password),
        }
    }
}
