//! Our session with Keystone: a token that is asked for once, shared by all calls, and renewed
//! before it ends or when a service no longer takes it.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use reqwest::{Client, header::HeaderValue};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use super::{
    base::base,
    catalog::Catalog,
    error::{CallError, Stage, certificates},
    settings::Account,
};
use crate::http::{Failure, Reply, exchange};

/// A token is renewed so long before it ends.
const MARGIN: Duration = Duration::from_secs(30);

const TOKENS: &str = "/v3/auth/tokens";

/// What Keystone has given.
#[derive(Debug)]
pub struct Token {
    /// The token itself, as a header.
    pub header: HeaderValue,
    /// The id of its project, if it has one.
    pub project: Option<String>,
    /// Where the services are.
    pub catalog: Catalog,
    good_until: Instant,
}

/// The token in use, and how the last attempt to get one failed.
#[derive(Default)]
struct Held {
    token: Option<Arc<Token>>,
    failed: Option<(Instant, CallError)>,
}

/// A session with one Keystone as one identity.
pub struct Session {
    http: Client,
    base: String,
    account: Account,
    group: &'static str,
    held: Mutex<Held>,
}

impl Session {
    /// A session that has no token yet; `group` has the options of `account`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn new(http: Client, group: &'static str, account: Account) -> Result<Self, String> {
        let base = base(&account.url).map_err(|wrong| format!("[{group}] auth_url: {wrong}"))?;
        Ok(Self { http, base, account, group, held: Mutex::default() })
    }

    /// The token in use; a `stale` one, or one that is about to end, is replaced. Callers that come
    /// together cause one request, and share its failure, too.
    pub async fn token(&self, stale: Option<&Arc<Token>>, deadline: Instant) -> Result<Arc<Token>, CallError> {
        let came = Instant::now();
        let late = Failure::NotSent("another call's request for a token takes too long".to_owned());
        let mut held = timeout_at(deadline, self.held.lock()).await.map_err(|_| self.refused(late))?;
        let is_good = |token: &&Arc<Token>| {
            Instant::now() < token.good_until && stale.is_none_or(|stale| !Arc::ptr_eq(stale, token))
        };
        if let Some(token) = held.token.as_ref().filter(is_good) {
            return Ok(Arc::clone(token));
        }
        if let Some((_, error)) = held.failed.as_ref().filter(|(at, _)| *at >= came) {
            return Err(error.clone());
        }
        let result = self.log_in(deadline).await.map(Arc::new);
        held.token = result.as_ref().ok().map(Arc::clone);
        held.failed = result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        result
    }

    async fn log_in(&self, deadline: Instant) -> Result<Token, CallError> {
        let asked = Instant::now();
        let request = self.http.post(format!("{}{TOKENS}", self.base)).json(&self.account.request());
        let reply = exchange("keystone", request, true, deadline).await;
        let no_token = || Failure::Nonsense("the answer holds no token".to_owned());
        reply.and_then(|reply| parse(&reply, asked).ok_or_else(no_token)).map_err(|failure| self.refused(failure))
    }

    /// Why there is no token, with the options to look at.
    fn refused(&self, failure: Failure) -> CallError {
        let (group, options) = (self.group, self.account.identity.options());
        let advice = match &failure {
            Failure::Refused { status: 401 | 403, .. } => format!("check [{group}] {options}"),
            // Keystone's own 404 names an application credential; any other, no Keystone.
            Failure::Refused { status: 404, body } if body["error"].is_object() => format!("check [{group}] {options}"),
            Failure::NoAnswer(_) | Failure::Refused { status: 500.., .. } => String::new(),
            failure => {
                certificates(group, failure).unwrap_or_else(|| format!("is [{group}] auth_url the URL of Keystone?"))
            }
        };
        self.failed(failure, advice)
    }

    /// Why a token, or what came with it, is of no use.
    pub fn failed(&self, failure: Failure, advice: String) -> CallError {
        CallError {
            peer: format!("Keystone at {}", self.base),
            request: format!("POST {TOKENS}"),
            stage: Stage::Keystone,
            write: false,
            failure: failure.without(self.account.identity.secret().reveal()),
            advice,
            in_doubt: false,
        }
    }
}

/// The token, with an end by our own clock: Keystone's may be another.
fn parse(reply: &Reply, asked: Instant) -> Option<Token> {
    let token = &reply.body["token"];
    let time = |key: &str| DateTime::parse_from_rfc3339(token[key].as_str()?).ok();
    let lifetime = (time("expires_at")? - time("issued_at")?).to_std().ok()?;
    let mut header = reply.headers.get("X-Subject-Token")?.clone();
    header.set_sensitive(true);
    Some(Token {
        header,
        project: token["project"]["id"].as_str().map(str::to_owned),
        catalog: Catalog::parse(&token["catalog"]),
        good_until: asked + lifetime.saturating_sub(MARGIN),
    })
}
