//! Boot files over HTTP: GET and HEAD of the grammar's names, one range, and a constant 404.

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};

use crate::boot::content::{BootContent, Content, OpenFile};

pub mod range;
pub mod stream;

use range::{Part, requested};
use stream::Transfers;

#[derive(Clone)]
struct Served {
    content: Arc<BootContent>,
    transfers: Transfers,
}

/// The routes of the boot files, as a fallback: the callback's routes are merged with it. The
/// listener must tell the peer's address
/// ([`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info)).
pub fn router(content: Arc<BootContent>) -> Router {
    Router::new().fallback(serve).with_state(Served { content, transfers: Transfers::default() })
}

async fn serve(State(served): State<Served>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request) -> Response {
    let head = request.method() == Method::HEAD;
    if !head && request.method() != Method::GET {
        return not_found();
    }
    let part = requested(request.headers());
    let goes_on = part.is_some_and(|part| !part.from_start());
    match served.content.find(request.uri().path(), peer.ip().to_canonical(), head || goes_on).await {
        None => not_found(),
        Some(Content::Text(text)) => ([(header::CONTENT_TYPE, "text/plain")], text.reveal().to_owned()).into_response(),
        Some(Content::File(file)) => send(file, part, head, &served.transfers),
    }
}

/// One answer for whatever is not there, so that it tells nothing.
fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}

fn send(file: OpenFile, part: Option<Part>, head: bool, transfers: &Transfers) -> Response {
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ]);
    headers.extend(file.modified.and_then(http_date).map(|date| (header::LAST_MODIFIED, date)));
    let (status, bytes) = match part.map(|part| part.within(file.len)) {
        None => (StatusCode::OK, 0..file.len),
        Some(Some(bytes)) => {
            let range = format!("bytes {}-{}/{}", bytes.start, bytes.end - 1, file.len);
            headers.extend(HeaderValue::try_from(range).ok().map(|range| (header::CONTENT_RANGE, range)));
            (StatusCode::PARTIAL_CONTENT, bytes)
        }
        Some(None) => {
            let range = format!("bytes */{}", file.len);
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response();
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.end - bytes.start));
    let body = if head { Body::empty() } else { transfers.body(file.content, bytes) };
    (status, headers, body).into_response()
}

fn http_date(time: SystemTime) -> Option<HeaderValue> {
    let date = DateTime::<Utc>::from(time).format("%a, %d %b %Y %H:%M:%S GMT");
    HeaderValue::try_from(date.to_string()).ok()
}

#[cfg(test)]
mod tests;
