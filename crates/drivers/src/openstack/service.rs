//! One OpenStack service, reached as one identity.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    base::base,
    error::{CallError, Stage},
    session::{Session, Token},
    settings::{Auth, Settings},
};
use crate::{
    cause::root_cause,
    http::{self, Failure, Reply, exchange},
};

/// The longest that a write may take: the lock on a node outlasts it.
const LONGEST_WRITE: Duration = Duration::from_secs(30);

/// The longest that making a connection may take.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// One request to a service.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The path with its version, such as `/v2.0/ports`; what a client chose in it is percent-encoded.
    pub path: &'a str,
    /// The query, not yet encoded.
    pub query: &'a [(&'a str, String)],
    /// What to send.
    pub body: Option<&'a Value>,
    /// When it may be sent again.
    pub retry: Retry,
}

/// When a call that failed may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Doing it twice is doing it once: when nothing was sent, when the answer was lost, after 429 and 5xx.
    Idempotent,
    /// When it was certainly not carried out: nothing was sent.
    IfNotSent,
}

/// One OpenStack service.
pub struct Service {
    settings: Settings,
    http: Client,
    session: Option<Session>,
    base: Option<String>,
}

/// Where a call goes, and with which token.
struct Access {
    base: String,
    token: Option<Arc<Token>>,
}

impl Service {
    /// The service; nobody is asked yet.
    ///
    /// # Errors
    /// Which option is wrong.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let group = settings.group;
        let builder = http::client(settings.request_timeout.min(LONGEST_CONNECT));
        let builder = settings.ca.trusted_at_start(builder).map_err(|wrong| format!("[{group}] cafile: {wrong}"))?;
        let http = builder.build().map_err(|error| format!("no HTTPS client: {}", root_cause(&error)))?;
        let base = settings.endpoint_override.as_deref().map(base).transpose();
        let base = base.map_err(|wrong| format!("[{group}] endpoint_override: {wrong}"))?;
        let session = match &settings.auth {
            Auth::Keystone { url, identity, scope } => {
                Some(Session::new(http.clone(), group, (url, identity.clone(), scope.clone()))?)
            }
            Auth::None | Auth::HttpBasic { .. } if base.is_none() => {
                return Err(format!("[{group}] endpoint_override has to be set: only Keystone has a catalog"));
            }
            Auth::None | Auth::HttpBasic { .. } => None,
        };
        Ok(Self { settings, http, session, base })
    }

    /// The service's URL without a version: the configured one, else the catalog's.
    ///
    /// # Errors
    /// Keystone can't be asked, or its catalog has no such endpoint.
    pub async fn endpoint(&self) -> Result<String, CallError> {
        Ok(self.access(None, self.deadline(&Method::GET)).await?.base)
    }

    /// The id of the project that our token is for; `None` without Keystone, and for a token of the
    /// system or of a domain.
    ///
    /// # Errors
    /// Keystone can't be asked.
    pub async fn project(&self) -> Result<Option<String>, CallError> {
        let Some(session) = &self.session else { return Ok(None) };
        Ok(session.token(None, self.deadline(&Method::GET)).await?.project.clone())
    }

    /// The body of the answer to a call; null if it has none.
    ///
    /// # Errors
    /// Keystone or the service did not do as asked.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, CallError> {
        self.reply(call).await.map(|reply| reply.body)
    }

    /// The whole answer to a call, which is repeated as it allows.
    pub(crate) async fn reply(&self, call: Call<'_>) -> Result<Reply, CallError> {
        let deadline = self.deadline(&call.method);
        let mut tries = Tries::from(&self.settings);
        loop {
            let error = match self.with_token(&call, deadline).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let may_repeat = error.is_transient() && (call.retry == Retry::Idempotent || error.was_not_sent());
            match tries.next(&error).filter(|_| may_repeat) {
                Some(pause) if Instant::now() + pause < deadline => {
                    tracing::debug!(%error, "it is tried again");
                    sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    fn deadline(&self, method: &Method) -> Instant {
        let timeout = self.settings.request_timeout;
        Instant::now() + if *method == Method::GET { timeout } else { timeout.min(LONGEST_WRITE) }
    }

    /// Sends a call once, and again with a new token if the service does not take the first: what
    /// was answered with 401 was not carried out.
    async fn with_token(&self, call: &Call<'_>, deadline: Instant) -> Result<Reply, CallError> {
        let access = self.access(None, deadline).await?;
        match (self.once(call, &access, deadline).await, &access.token) {
            (Err(error), Some(stale)) if error.status() == Some(401) => {
                let access = self.access(Some(stale), deadline).await?;
                self.once(call, &access, deadline).await
            }
            (result, _) => result,
        }
    }

    /// Half of the time is the call's own: a token that takes long puts no write in doubt.
    async fn access(&self, stale: Option<&Arc<Token>>, deadline: Instant) -> Result<Access, CallError> {
        let token = match &self.session {
            None => None,
            Some(session) => {
                let half = deadline.saturating_duration_since(Instant::now()) / 2;
                Some(session.token(stale, Instant::now() + half.min(LONGEST_WRITE)).await?)
            }
        };
        let base = match (&self.base, &self.session, &token) {
            (None, Some(session), Some(token)) => {
                self.in_catalog(token).map_err(|why| session.failed(Failure::Nonsense(why)))?
            }
            (base, ..) => base.clone().unwrap_or_default(),
        };
        Ok(Access { base, token })
    }

    fn in_catalog(&self, token: &Token) -> Result<String, String> {
        let url = token.catalog.find(&self.settings)?;
        base(url).map_err(|wrong| format!("the URL of {} in the catalog can't be used: {wrong}", self.settings.name))
    }

    async fn once(&self, call: &Call<'_>, access: &Access, deadline: Instant) -> Result<Reply, CallError> {
        let reply = match self.request(call, access) {
            Ok(request) => exchange(self.settings.label, request, true, deadline).await,
            Err(failure) => Err(failure),
        };
        reply.map_err(|failure| self.failed(call, access, failure))
    }

    fn request(&self, call: &Call<'_>, access: &Access) -> Result<RequestBuilder, Failure> {
        let url = Url::parse(&format!("{}{}", access.base, call.path)).ok();
        let url = url.filter(|url| url.path().ends_with(call.path));
        let url = url.ok_or_else(|| Failure::NotSent(format!("{} is no path", call.path)))?;
        let mut request = self.http.request(call.method.clone(), url).query(call.query);
        for (name, value) in &self.settings.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        Ok(match (&access.token, &self.settings.auth) {
            (Some(token), _) => request.header("X-Auth-Token", token.header.clone()),
            (None, Auth::HttpBasic { username, password }) => request.basic_auth(username, Some(password.reveal())),
            (None, _) => request,
        })
    }

    fn failed(&self, call: &Call<'_>, access: &Access, failure: Failure) -> CallError {
        let token = access.token.as_ref().and_then(|token| token.header.to_str().ok()).unwrap_or_default();
        let secret = self.settings.auth.secret().map_or("", |secret| secret.reveal());
        let query: Vec<String> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        CallError {
            peer: format!("{} at {}", self.settings.name, access.base),
            request: format!("{} {}{mark}{}", call.method, call.path, query.join("&")),
            stage: Stage::Service,
            write: call.method != Method::GET,
            advice: self.advice(&failure),
            failure: failure.without(token).without(secret),
        }
    }

    fn advice(&self, failure: &Failure) -> String {
        let group = self.settings.group;
        match (failure.status(), &self.settings.auth) {
            (Some(401), Auth::None) => format!("set [{group}] auth_type"),
            (Some(401), Auth::HttpBasic { .. }) => format!("check [{group}] username and password"),
            (Some(401), Auth::Keystone { .. }) => {
                format!("is the Keystone of [{group}] auth_url the one that it asks?")
            }
            (Some(403), _) => forbidden(group, failure),
            _ => String::new(),
        }
    }
}

/// Since 29, Neutron's policy lets only the role `service` set what binds a port to a switch.
fn forbidden(group: &str, failure: &Failure) -> String {
    let binding = matches!(failure, Failure::Refused { body, .. } if super::error::sentence(body).contains("binding:"));
    match binding {
        true => format!(
            "give the user of [{group}] the role service in its project: admin alone may not set binding:profile"
        ),
        false => format!("the user of [{group}] lacks a role; Ironic's own has admin and service"),
    }
}

/// How often a call may still be repeated, and after which pauses.
struct Tries<P> {
    connect: usize,
    status: usize,
    pauses: P,
}

impl From<&Settings> for Tries<backon::ExponentialBackoff> {
    fn from(settings: &Settings) -> Self {
        let (connect, status) = (settings.connect_retries, settings.status_code_retries);
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(connect + status)
            .with_jitter();
        Self { connect, status, pauses: pauses.build() }
    }
}

impl<P: Iterator<Item = Duration>> Tries<P> {
    fn next(&mut self, error: &CallError) -> Option<Duration> {
        let left = if error.status().is_some() { &mut self.status } else { &mut self.connect };
        *left = left.checked_sub(1)?;
        self.pauses.next()
    }
}
