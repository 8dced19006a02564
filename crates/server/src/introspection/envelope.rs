//! What every request to the introspection API goes through, and what every answer carries: a
//! version, a path in its one form, authentication, the range of versions.

use std::convert::Infallible;

use assay_wire::introspection as documents;
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{IntrospectionApi, Refused};
use crate::api::envelope::with_path;

/// The header of the standard form, which the field documents and never read.
const STANDARD_VERSION: &str = "openstack-api-version";

/// The middleware around all routes.
pub async fn envelope(State(api): State<IntrospectionApi>, request: Request, next: Next) -> Response {
    let mut response = match admit(&api, request).await {
        Ok(request) => in_one_form(next.run(request).await),
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(documents::MINIMUM_VERSION, HeaderValue::from_static(documents::MINIMUM));
    headers.insert(documents::MAXIMUM_VERSION, HeaderValue::from_static(documents::MAXIMUM));
    response
}

async fn admit(api: &IntrospectionApi, mut request: Request) -> Result<Request, Refused> {
    if let Some(version) = asked_version(request.headers()) {
        documents::check_version(version)?;
    }
    let path = match request.uri().path().trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_owned(),
    };
    if !is_public(&path) {
        api.auth.check(request.headers().get(header::AUTHORIZATION)).await?;
    }
    *request.uri_mut() = with_path(request.uri(), &path);
    Ok(request)
}

fn asked_version(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    text(documents::VERSION).or_else(|| text(STANDARD_VERSION)?.strip_prefix("baremetal-introspection ").map(str::trim))
}

fn is_public(path: &str) -> bool {
    matches!(path, "/" | "/v1" | "/v1/continue") || path.starts_with("/v1/continue/")
}

/// Errors that no handler has written, such as a panic or a path that is not UTF-8.
fn in_one_form(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let text = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "Internal server error",
        other => other.canonical_reason().unwrap_or_default(),
    };
    Refused { status, text: text.to_owned() }.into_response()
}

/// The service's URL as the client sees it, without the version: what links begin with.
pub struct Base(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(base(&parts.headers)))
    }
}

/// One proxy in front is believed: the first of what it names.
fn base(headers: &HeaderMap) -> String {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
        (!value.is_empty()).then_some(value)
    };
    let scheme = text("x-forwarded-proto").unwrap_or("http");
    let host = text("x-forwarded-host").or_else(|| text("host")).unwrap_or("localhost");
    let port = text("x-forwarded-port").filter(|_| !host.contains(':')).map(|port| format!(":{port}"));
    let prefix = text("x-forwarded-prefix").unwrap_or_default().trim_end_matches('/');
    format!("{scheme}://{host}{}{prefix}", port.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_what_the_client_called() {
        for (headers, expected) in [
            (&[("host", "10.0.0.1:5050")][..], "http://10.0.0.1:5050"),
            (&[], "http://localhost"),
            (
                &[
                    ("host", "inner"),
                    ("x-forwarded-host", "outer, inner"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-port", "8443"),
                    ("x-forwarded-prefix", "/introspection/"),
                ],
                "https://outer:8443/introspection",
            ),
        ] {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(base(&map), expected);
        }
    }
}
