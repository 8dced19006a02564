//! A Keystone: tokens by password, by application credential and by token, and the catalog.

mod catalog;
mod identity;
mod issue;
mod tokens;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

pub(super) use tokens::{Token, Tokens, challenge};

use super::{
    gate::{Gate, gate},
    state::CloudState,
};

/// The routes of Keystone.
pub(super) fn router(gate_of_keystone: Gate) -> Router {
    let cloud = gate_of_keystone.cloud.clone();
    let tokens = get(tokens::validate).post(issue::create).delete(tokens::revoke);
    Router::new()
        .route("/", get(versions))
        .route("/v3", get(version))
        .route("/v3/", get(version))
        .route("/v3/auth/tokens", tokens)
        .route("/v3/auth/catalog", get(tokens::catalog))
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "Could not find the requested path.") })
        .layer(from_fn_with_state(gate_of_keystone, gate))
        .with_state(cloud)
}

/// A refusal for a planned fault.
pub(super) fn refuse(status: StatusCode) -> Response {
    Refusal::new(status, "The request was refused.").into_response()
}

async fn versions(State(cloud): State<Arc<CloudState>>) -> Response {
    let location = format!("{}/v3/", cloud.keystone_url);
    let body = json!({"versions": {"values": [v3(&cloud)]}});
    (StatusCode::MULTIPLE_CHOICES, [(header::LOCATION, location)], Json(body)).into_response()
}

async fn version(State(cloud): State<Arc<CloudState>>) -> Json<Value> {
    Json(json!({"version": v3(&cloud)}))
}

fn v3(cloud: &CloudState) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", cloud.keystone_url)}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    })
}

/// An error in the form of Keystone.
struct Refusal {
    status: StatusCode,
    message: String,
    /// Has the member `identity`, too.
    of_a_method: bool,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), of_a_method: false }
    }

    fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The request you have made requires authentication.")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let mut error = json!({"code": self.status.as_u16(), "message": self.message, "title": title});
        if self.of_a_method {
            error["identity"] = json!({});
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
