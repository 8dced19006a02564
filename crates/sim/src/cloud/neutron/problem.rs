//! Errors in the form of Neutron.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error of Neutron's: status, type and text.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// The request's body or query is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "HTTPBadRequest", message)
    }

    /// One attribute is wrong.
    pub(super) fn invalid(attribute: &str, reason: &str) -> Self {
        Self::bad(format!("Invalid input for {attribute}. Reason: {reason}"))
    }

    /// What is there does not allow it.
    pub(super) fn conflict(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, message)
    }

    /// There is no such thing, or the caller may not know of it.
    pub(super) fn absent(kind: &'static str, what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, format!("{what} {id} could not be found."))
    }

    /// Policy does not allow it. `rules` are those that the request needs.
    pub(super) fn denied(rules: &[String]) -> Self {
        let rules = rules.iter().map(|rule| format!("rule:{rule}"));
        let all = rules.reduce(|all, rule| format!("({all} and {rule})")).unwrap_or_default();
        Self::new(StatusCode::FORBIDDEN, "PolicyNotAuthorized", format!("{all} is disallowed by policy"))
    }

    /// The path is none of Neutron's.
    pub(super) fn no_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "HTTPNotFound", "The resource could not be found.")
    }

    /// The path does not take the method.
    pub(super) fn no_method() -> Self {
        let message =
            "The server could not comply with the request since it is either malformed or otherwise incorrect.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "HTTPMethodNotAllowed", message)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.kind, self.message)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = json!({"type": self.kind, "message": self.message, "detail": ""});
        (self.status, Json(json!({"NeutronError": error}))).into_response()
    }
}
