//! Who may ask: basic authentication and sessions.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Refusal, Request};
use crate::world::{Fleet, locked};

const TOKEN: &str = "x-auth-token";

/// The service root and the creation of a session are open; all else takes a known token or the
/// right user and password.
pub(super) fn is_authorised(fleet: &Fleet, parts: &Parts, kind: Request) -> bool {
    if kind == Request::Root || (kind == Request::Session && parts.method == "POST") {
        return true;
    }
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = text(TOKEN) {
        return token.parse().is_ok_and(|token: Uuid| locked(&fleet.sessions).contains(&token));
    }
    let (user, password) = (&fleet.hardware.username, &fleet.hardware.password);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    text(header::AUTHORIZATION.as_str()) == Some(&basic)
}

/// `POST SessionService/Sessions`.
pub(super) async fn create(State(fleet): State<Arc<Fleet>>, Json(body): Json<Value>) -> Response {
    let hardware = &fleet.hardware;
    if body["UserName"] != hardware.username.as_str() || body["Password"] != hardware.password.as_str() {
        return Refusal(StatusCode::UNAUTHORIZED, "The user name or the password is wrong").into_response();
    }
    let token = Uuid::new_v4();
    locked(&fleet.sessions).push(token);
    let path = format!("/redfish/v1/SessionService/Sessions/{token}");
    let session = json!({"@odata.id": path, "Id": token, "Name": "User Session", "UserName": hardware.username});
    (StatusCode::CREATED, [(TOKEN, token.to_string()), ("location", path)], Json(session)).into_response()
}

/// `DELETE SessionService/Sessions/{id}`.
pub(super) async fn delete(State(fleet): State<Arc<Fleet>>, Path(id): Path<Uuid>) -> StatusCode {
    locked(&fleet.sessions).retain(|session| *session != id);
    StatusCode::NO_CONTENT
}
