//! What every request passes: it is counted, meets its fault, and must be authorised.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{self, ConnectInfo, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{Refusal, Request, sessions};
use crate::{fault::Fault, line::Line, mishap, world::Fleet};

const BODY_LIMIT: usize = 64 * 1024;

/// Marks a request whose answer shall show the wrong power state.
#[derive(Clone, Copy)]
pub(super) struct Lie;

/// Counts the request and applies the fault that is planned for it, if any.
pub(super) async fn gate(
    State(fleet): State<Arc<Fleet>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: extract::Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Refusal(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large").into_response();
    };
    let kind = Request::classify(parts.method.as_str(), parts.uri.path(), &body);
    let machine = parts.uri.path().split('/').nth(4).and_then(|id| fleet.by_system(id));
    if let Some(machine) = machine {
        machine.count(kind);
    }
    let index = machine.map(|machine| machine.index);
    let fault = fleet.faults.meet(|(machine, request)| *request == kind && (machine.is_none() || *machine == index));
    if !sessions::is_authorised(&fleet, &parts, kind) {
        return Refusal(StatusCode::UNAUTHORIZED, "Authentication is required").into_response();
    }
    parts.extensions.insert(kind);
    if fault == Some(Fault::LieAboutPower) {
        parts.extensions.insert(Lie);
    }
    let request = extract::Request::from_parts(parts, Body::from(body));
    let refuse = |status| Refusal(status, "The request was refused").into_response();
    mishap::unattended(&fleet.stop, mishap::answer(fault, line, refuse, next, request)).await
}
