//! One OpenStack service, reached as one identity.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    base::base,
    error::{CallError, Stage, certificates, sentence},
    retry::{Retry, Tries},
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
    /// The path with its version, such as `/v2.0/ports`. A path that is not in its plain form (a `..`,
    /// a blank or a `?` in it) is not sent.
    pub path: &'a str,
    /// The query, not yet encoded.
    pub query: &'a [(&'a str, String)],
    /// What to send.
    pub body: Option<&'a Value>,
    /// When it may be sent again.
    pub retry: Retry,
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
            Auth::Keystone(account) => Some(Session::new(http.clone(), group, account.clone())?),
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
        Ok(self.access_for_nothing().await?.base)
    }

    /// The id of the project that our token is for; `None` without Keystone, and for a token of the
    /// system or of a domain.
    ///
    /// # Errors
    /// Keystone can't be asked.
    pub async fn project(&self) -> Result<Option<String>, CallError> {
        Ok(self.access_for_nothing().await?.token.and_then(|token| token.project.clone()))
    }

    /// The body of the answer to a call; null if it has none. A call that the service does not take
    /// for want of a valid token is sent again with a new one.
    ///
    /// # Errors
    /// Keystone or the service did not do as asked.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, CallError> {
        self.reply(call).await.map(|reply| reply.body)
    }

    /// The error of a caller that finds no sense in the body of an answer.
    #[must_use]
    pub fn nonsense(&self, method: &Method, path: &str, why: &str) -> CallError {
        let at = self.base.as_ref().map(|base| format!(" at {base}")).unwrap_or_default();
        CallError {
            peer: format!("{}{at}", self.settings.name),
            request: format!("{method} {path}"),
            stage: Stage::Service,
            write: *method != Method::GET,
            failure: Failure::Nonsense(why.to_owned()),
            advice: String::new(),
            in_doubt: false,
        }
    }

    /// The whole answer to a call.
    pub(crate) async fn reply(&self, call: Call<'_>) -> Result<Reply, CallError> {
        let deadline = self.deadline(&call.method);
        Tries::from(&self.settings).run(call.retry, deadline, || self.with_token(&call, deadline)).await
    }

    async fn access_for_nothing(&self) -> Result<Access, CallError> {
        let deadline = self.deadline(&Method::GET);
        Tries::from(&self.settings).run(Retry::Idempotent, deadline, || self.access(None, deadline)).await
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
        let Some(session) = &self.session else {
            return Ok(Access { base: self.base.clone().unwrap_or_default(), token: None });
        };
        let half = deadline.saturating_duration_since(Instant::now()) / 2;
        let token = session.token(stale, Instant::now() + half.min(LONGEST_WRITE)).await?;
        let base = match &self.base {
            Some(base) => base.clone(),
            None => self.in_catalog(&token).map_err(|why| session.failed(Failure::Nonsense(why), String::new()))?,
        };
        Ok(Access { base, token: Some(token) })
    }

    fn in_catalog(&self, token: &Token) -> Result<String, String> {
        let url = token.catalog.find(&self.settings)?;
        base(url).map_err(|wrong| format!("the catalog's URL of {} can't be used: {wrong}", self.settings.name))
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
        let url = url.filter(|url| call.path.starts_with('/') && url.path().ends_with(call.path));
        let url = url.ok_or_else(|| Failure::NotSent("this is not a path in its plain form".to_owned()))?;
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
            in_doubt: false,
        }
    }

    fn advice(&self, failure: &Failure) -> String {
        let group = self.settings.group;
        match (failure, &self.settings.auth) {
            (Failure::Refused { status: 401, .. }, Auth::None) => format!("set [{group}] auth_type"),
            (Failure::Refused { status: 401, .. }, Auth::HttpBasic { .. }) => {
                format!("check [{group}] username and password")
            }
            (Failure::Refused { status: 401, .. }, Auth::Keystone(_)) => {
                format!("is the Keystone of [{group}] auth_url the one that it asks?")
            }
            (Failure::Refused { status: 403, body }, _) => forbidden(group, body),
            (failure, _) => certificates(group, failure).unwrap_or_default(),
        }
    }
}

/// Since its version 29, Neutron's policy lets only the role `service` bind a port to a switch.
fn forbidden(group: &str, body: &Value) -> String {
    match sentence(body).contains("binding:profile") {
        true => format!("give the user of [{group}] the role service: Neutron lets no other role set binding:profile"),
        false => format!("the user of [{group}] lacks a role; a service's user has admin and service"),
    }
}
