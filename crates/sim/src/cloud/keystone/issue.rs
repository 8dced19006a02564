//! `POST /v3/auth/tokens`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    Refusal, Token, catalog,
    identity::{Identity, Scope},
    tokens::{SUBJECT, guarded},
};
use crate::cloud::{setup::keystone_id, state::CloudState};

/// Gives out a token, with the catalog unless the query says `nocatalog`.
pub(super) async fn create(State(cloud): State<Arc<CloudState>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    guarded(&cloud, issue(&cloud, &body, query.as_deref() != Some("nocatalog")))
}

fn issue(cloud: &CloudState, body: &[u8], with_catalog: bool) -> Result<Response, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_| malformed("Expecting to find valid JSON"))?;
    let auth = body.get("auth").ok_or_else(|| malformed("Expecting to find auth"))?;
    let identity = Identity::check(cloud, auth)?;
    let scope = identity.scope(&auth["scope"])?;
    let mut token = Token::new(identity.user, scope == Scope::Project, scope == Scope::System, cloud.setup.token_life);
    if let Some(earlier) = &identity.earlier {
        token.expires_at = earlier.expires_at;
    }
    let mut shown = shown(&token, &identity, scope);
    if with_catalog && scope != Scope::Nothing {
        shown["catalog"] = catalog::catalog(cloud);
    }
    let text = cloud.tokens.add(Token { shown: shown.clone(), ..token });
    Ok((StatusCode::CREATED, [(SUBJECT, text)], Json(json!({"token": shown}))).into_response())
}

/// The token as JSON, without the catalog.
fn shown(token: &Token, identity: &Identity, scope: Scope) -> Value {
    let domain = json!({"id": "default", "name": "Default"});
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
    let user = identity.user;
    let earlier = identity.earlier.iter().flat_map(|earlier| earlier.shown["methods"].as_array().into_iter().flatten());
    let methods: Vec<Value> = earlier.cloned().chain([json!(identity.method)]).collect();
    let mut shown = json!({
        "methods": methods,
        "user": {
            "domain": domain,
            "id": keystone_id("user", &user.name),
            "name": user.name,
            "password_expires_at": null,
        },
        "audit_ids": [keystone_id("audit", &time(token.issued_at))],
        "expires_at": time(token.expires_at),
        "issued_at": time(token.issued_at),
    });
    if let Some(project) = &token.project {
        shown["project"] = json!({"domain": domain, "id": keystone_id("project", project), "name": project});
        shown["is_domain"] = json!(false);
    }
    if scope != Scope::Nothing {
        let role = |name: &&'static str| json!({"id": keystone_id("role", name), "name": name});
        shown["roles"] = token.roles.iter().map(role).collect();
    }
    if scope == Scope::System {
        shown["system"] = json!({"all": true});
    }
    if let Some(credential) = identity.credential {
        shown["application_credential"] = json!({"id": credential.id, "name": credential.name, "restricted": true});
    }
    shown
}

fn malformed(expectation: &str) -> Refusal {
    let message = format!(
        "{expectation} in request body. The server could not comply with the request since it is either malformed \
         or otherwise incorrect. The client is assumed to be in error."
    );
    Refusal::new(StatusCode::BAD_REQUEST, message)
}
