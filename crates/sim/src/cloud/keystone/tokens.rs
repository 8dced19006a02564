//! The tokens that were given out: validated, revoked, expired.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Refusal, catalog};
use crate::{
    cloud::{setup::FakeUser, state::CloudState},
    world::locked,
};

/// Carries the token that is given out or asked about.
pub(super) const SUBJECT: &str = "x-subject-token";
/// Carries the token of who asks.
pub(in crate::cloud) const OWN: &str = "x-auth-token";

/// What Keystone knows of a token.
#[derive(Clone)]
pub(in crate::cloud) struct Token {
    pub(in crate::cloud) user: String,
    /// The project that it is for, by name; none when it is for nothing or for the system.
    pub(in crate::cloud) project: Option<String>,
    pub(in crate::cloud) roles: Vec<&'static str>,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    /// As JSON.
    pub(super) shown: Value,
}

impl Token {
    pub(super) fn new(user: &FakeUser, project: bool, system: bool, life: Duration) -> Self {
        let roles = if project || system { user.roles.clone() } else { Vec::new() };
        let issued_at = Utc::now();
        Self {
            user: user.name.clone(),
            project: project.then(|| user.project.clone()),
            roles,
            issued_at,
            expires_at: issued_at + life,
            shown: Value::Null,
        }
    }
}

/// All tokens.
#[derive(Default)]
pub(in crate::cloud) struct Tokens(Mutex<Store>);

#[derive(Default)]
struct Store {
    tokens: BTreeMap<String, Token>,
    issued: usize,
}

impl Tokens {
    /// Keeps a token and returns its text, which is as long as one of Keystone's.
    pub(super) fn add(&self, token: Token) -> String {
        let text = format!("gAAAAA{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 130]>()));
        let mut store = locked(&self.0);
        store.issued += 1;
        store.tokens.insert(text.clone(), token);
        text
    }

    /// How many were given out.
    pub(in crate::cloud) fn issued(&self) -> usize {
        locked(&self.0).issued
    }

    /// Forgets all of them.
    pub(in crate::cloud) fn revoke_all(&self) {
        locked(&self.0).tokens.clear();
    }

    fn known(&self, text: &str) -> Option<Token> {
        locked(&self.0).tokens.get(text).cloned()
    }

    /// The token with this text, if it may be used now.
    pub(in crate::cloud) fn valid(&self, text: &str) -> Option<Token> {
        self.known(text).filter(|token| Utc::now() < token.expires_at)
    }

    /// The token of who asks.
    pub(in crate::cloud) fn of(&self, headers: &HeaderMap) -> Option<Token> {
        self.valid(headers.get(OWN)?.to_str().ok()?)
    }
}

/// `GET /v3/auth/tokens`.
pub(super) async fn validate(
    State(cloud): State<Arc<CloudState>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let expired_too = query.get("allow_expired").is_some_and(|value| value == "1" || value == "true");
    let answer = subject(&cloud, &headers, expired_too)
        .map(|(text, token)| ([(SUBJECT, text)], Json(json!({"token": token.shown}))).into_response());
    guarded(&cloud, answer)
}

/// `DELETE /v3/auth/tokens`.
pub(super) async fn revoke(State(cloud): State<Arc<CloudState>>, headers: HeaderMap) -> Response {
    let answer = subject(&cloud, &headers, false).map(|(text, _)| {
        locked(&cloud.tokens.0).tokens.remove(&text);
        StatusCode::NO_CONTENT.into_response()
    });
    guarded(&cloud, answer)
}

/// `GET /v3/auth/catalog`.
pub(super) async fn catalog(State(cloud): State<Arc<CloudState>>, headers: HeaderMap) -> Response {
    let answer = cloud.tokens.of(&headers).ok_or_else(Refusal::unauthorized).map(|_| {
        let links = json!({"self": format!("{}/v3/auth/catalog", cloud.keystone_url)});
        Json(json!({"catalog": catalog::catalog(&cloud), "links": links})).into_response()
    });
    guarded(&cloud, answer)
}

/// The token that is asked about, by somebody who has a token.
fn subject(cloud: &CloudState, headers: &HeaderMap, expired_too: bool) -> Result<(String, Token), Refusal> {
    cloud.tokens.of(headers).ok_or_else(Refusal::unauthorized)?;
    let gone = |message: &str| Refusal::new(StatusCode::NOT_FOUND, message);
    let text = headers.get(SUBJECT).ok_or_else(|| gone("No token in the request"))?;
    let text = text.to_str().unwrap_or_default();
    let token = if expired_too { cloud.tokens.known(text) } else { cloud.tokens.valid(text) };
    Ok((text.to_owned(), token.ok_or_else(|| gone("Could not recognize Fernet token"))?))
}

/// The answer; a 401 names Keystone.
pub(super) fn guarded(cloud: &CloudState, answer: Result<Response, Refusal>) -> Response {
    let mut response = answer.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        challenge(cloud, &mut response);
    }
    response
}

/// Marks a 401 as OpenStack's services do.
pub(in crate::cloud) fn challenge(cloud: &CloudState, response: &mut Response) {
    if let Ok(challenge) = format!("Keystone uri=\"{}/v3\"", cloud.keystone_url).parse() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
}
