//! Lets what is planned happen to one request; the same at every fake service.

use std::{io, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::{fault::Fault, line::Line};

/// Longer than any answer of ours.
const ANSWER_LIMIT: usize = 16 << 20;
/// So that the first half of a body is on its way before the connection is cut.
const HALFWAY: Duration = Duration::from_millis(30);
const PAGE: &str = "<html><head><title>Gateway</title></head><body><h1>The server is away</h1></body></html>";

/// Answers a request as its fault wants it; `refuse` makes the service's own refusal.
pub(crate) async fn answer(
    fault: Option<Fault>,
    line: Line,
    refuse: impl FnOnce(StatusCode) -> Response,
    next: Next,
    request: Request,
) -> Response {
    match fault {
        None | Some(Fault::LieAboutPower) => next.run(request).await,
        Some(Fault::Refuse(status)) => refuse(code(status)),
        Some(Fault::ErrorPage(status)) => (code(status), [(header::CONTENT_TYPE, "text/html")], PAGE).into_response(),
        Some(Fault::Garbage) => {
            ([(header::CONTENT_TYPE, "text/html")], "<html>\0\u{fffd} please log in").into_response()
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
        Some(Fault::CutBody) => halved(next.run(request).await, &line).await,
        Some(Fault::Late(time)) => {
            line.cut();
            tokio::time::sleep(time).await;
            next.run(request).await
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The same answer, which breaks off after half of its body; without a body, before its first byte.
async fn halved(response: Response, line: &Line) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER_LIMIT).await.unwrap_or_default();
    if bytes.is_empty() {
        line.cut();
        return parts.into_response();
    }
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let half = stream::iter([Ok::<Bytes, io::Error>(bytes.slice(..bytes.len() / 2))]);
    let end = tokio::time::sleep(HALFWAY).map(|()| Err(io::ErrorKind::ConnectionReset.into()));
    Response::from_parts(parts, Body::from_stream(half.chain(end.into_stream())))
}

/// Works to the end when the client has gone, too, as a server does; not beyond `stop`.
pub(crate) async fn unattended(
    stop: &CancellationToken,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let work = tokio::spawn(stop.clone().run_until_cancelled_owned(work)).await;
    work.ok().flatten().unwrap_or_else(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
