//! What every request goes through: an id, a version, a path in its one form, authentication; and
//! what every answer carries: the versions, the id.

use assay_core::microversion::{Microversion, behaviour};
use assay_wire::fault;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Api, extract::Asked};

const VERSION: &str = "x-openstack-ironic-api-version";
const STANDARD_VERSION: &str = "openstack-api-version";

/// The middleware around all routes.
pub async fn envelope(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = format!("req-{}", Uuid::new_v4());
    let span = tracing::info_span!("request", request.id = %id);
    async move {
        let mut response = in_one_form(serve(&api, request, next).await);
        add_headers(response.headers_mut(), &id);
        response
    }
    .instrument(span)
    .await
}

async fn serve(api: &Api, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let negotiated = Microversion::negotiate(text(STANDARD_VERSION), text(VERSION));
    let version = negotiated.as_ref().copied().unwrap_or(Microversion::MIN);
    let path = normal_path(request.uri().path(), version);
    if !is_public(&path)
        && let Err(refused) = api.auth.check(headers.get(header::AUTHORIZATION)).await
    {
        return marked(refused.into_response(), version);
    }
    if let Err(error) = negotiated
        && path != "/"
    {
        let body = fault::router_body(406, "Not Acceptable", &error.to_string());
        return marked((StatusCode::NOT_ACCEPTABLE, Json(body)).into_response(), version);
    }
    let asked = Asked { version, base: base_url(api, headers), method: request.method().clone() };
    *request.uri_mut() = with_path(request.uri(), &path);
    request.extensions_mut().insert(asked);
    marked(next.run(request).await, version)
}

/// Errors that no handler has written, such as a panic or a path that is not UTF-8, in the form of
/// all others.
fn in_one_form(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    if status.is_server_error() {
        tracing::error!(%status, "a request has failed outside of its handler");
    }
    let title = status.canonical_reason().unwrap_or_default();
    let mut written = (status, Json(fault::router_body(status.as_u16(), title, ""))).into_response();
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            written.headers_mut().insert(name, value.clone());
        }
    }
    written
}

/// One form for each path: with the API's version, without a slash at the end, and, in old
/// versions, without the `.json` that stood for the answer's format.
fn normal_path(path: &str, version: Microversion) -> String {
    let mut path = path.trim_end_matches('/');
    if !version.has(behaviour::JSON_SUFFIX_IS_A_NAME) {
        path = path.strip_suffix(".json").unwrap_or(path);
    }
    match path {
        "" => "/".to_owned(),
        path if path == "/v1" || path.starts_with("/v1/") => path.to_owned(),
        path => format!("/v1{path}"),
    }
}

/// The same URL with another path.
pub fn with_path(uri: &Uri, path: &str) -> Uri {
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    match text.parse::<PathAndQuery>() {
        Ok(path) => parts.path_and_query = Some(path),
        Err(_) => return uri.clone(),
    }
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// Paths that are served to everybody: the version documents, and what ramdisks call.
fn is_public(path: &str) -> bool {
    matches!(path, "/" | "/v1")
        || ["lookup", "heartbeat", "continue", "continue_inspection"].iter().any(|word| {
            let rest = path.strip_prefix("/v1/").and_then(|rest| rest.strip_prefix(word));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn base_url(api: &Api, headers: &HeaderMap) -> String {
    api.settings.public_endpoint.clone().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or("localhost"))
    })
}

fn marked(mut response: Response, version: Microversion) -> Response {
    if let Ok(value) = HeaderValue::from_str(&version.to_string()) {
        response.headers_mut().insert("x-openstack-ironic-api-version", value);
    }
    response
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    for (name, value) in [
        ("x-openstack-ironic-api-minimum-version", Microversion::MIN.to_string()),
        ("x-openstack-ironic-api-maximum-version", Microversion::MAX.to_string()),
        ("x-openstack-request-id", id.to_owned()),
        ("openstack-request-id", id.to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_form() {
        for (path, minor, expected) in [
            ("/", 1, "/"),
            ("", 1, "/"),
            ("/v1/", 1, "/v1"),
            ("/nodes", 1, "/v1/nodes"),
            ("/v1/nodes/", 1, "/v1/nodes"),
            ("/v1/nodes/a.json", 90, "/v1/nodes/a"),
            ("/v1/nodes/a.json", 91, "/v1/nodes/a.json"),
            ("/v1nodes", 1, "/v1/v1nodes"),
        ] {
            assert_eq!(normal_path(path, Microversion { minor }), expected);
        }
    }

    #[test]
    fn only_documents_and_ramdisks_come_in_unasked() {
        for (path, public) in [
            ("/", true),
            ("/v1", true),
            ("/v1/continue/a/b", true),
            ("/v1/continue_inspection", true),
            ("/v1/continue_other", false),
            ("/v1/nodes", false),
            ("/v1/nodes/lookup", false),
        ] {
            assert_eq!(is_public(path), public, "{path}");
        }
    }
}
