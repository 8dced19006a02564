//! Errors of the introspection API: a status, and one text in the form of the field.

use assay_store::StoreError;
use assay_wire::introspection::{self as documents, IntrospectionRefusal};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::api::{ApiError, ConductorError};

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's text.
    pub text: String,
}

impl Refused {
    /// 400.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    /// 404.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }
}

impl From<IntrospectionRefusal> for Refused {
    fn from(refusal: IntrospectionRefusal) -> Self {
        let status = match refusal {
            IntrospectionRefusal::Invalid(_) => StatusCode::BAD_REQUEST,
            IntrospectionRefusal::Unsupported(_) => StatusCode::NOT_ACCEPTABLE,
        };
        Self { status, text: refusal.to_string() }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let status = error.status();
        if status.is_server_error() {
            tracing::error!(error = ?error, "a request has failed: {error}");
        }
        Self { status, text: error.text() }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

impl From<ConductorError> for Refused {
    fn from(error: ConductorError) -> Self {
        ApiError::from(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(documents::error(&self.text))).into_response()
    }
}
