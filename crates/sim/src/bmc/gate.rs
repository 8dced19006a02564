//! What every request passes: it is counted, meets its fault, and must be authorised.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{Refusal, line::Line, sessions};
use crate::{
    fault::{self, Fault},
    world::Fleet,
};

const BODY_LIMIT: usize = 64 * 1024;

/// Marks a request whose answer shall show the wrong power state.
#[derive(Clone, Copy)]
pub(super) struct Lie;

/// Counts the request and applies the fault that is planned for it, if any.
pub(super) async fn gate(
    State(fleet): State<Arc<Fleet>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Refusal(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large").into_response();
    };
    let kind = fault::Request::classify(parts.method.as_str(), parts.uri.path(), &body);
    let machine = parts.uri.path().split('/').nth(4).and_then(|id| fleet.by_system(id));
    if let Some(machine) = machine {
        machine.count(kind);
    }
    let fault = fleet.faults.meet(machine.map(|machine| machine.index), kind);
    if !sessions::is_authorised(&fleet, &parts, kind) {
        return Refusal(StatusCode::UNAUTHORIZED, "Authentication is required").into_response();
    }
    parts.extensions.insert(kind);
    if fault == Some(Fault::LieAboutPower) {
        parts.extensions.insert(Lie);
    }
    answer(fault, &line, next, Request::from_parts(parts, Body::from(body))).await
}

async fn answer(fault: Option<Fault>, line: &Line, next: Next, request: Request) -> Response {
    match fault {
        None | Some(Fault::LieAboutPower) => next.run(request).await,
        Some(Fault::Refuse(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Refusal(status, "The request was refused").into_response()
        }
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            next.run(request).await
        }
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::CutAfter) => {
            let response = next.run(request).await;
            line.cut();
            response
        }
        Some(Fault::Garbage) => {
            ([(header::CONTENT_TYPE, "text/html")], "<html>\0\u{fffd} please log in").into_response()
        }
    }
}
