//! The one place where errors become an HTTP status and a body.

use assay_core::update::UpdateRefusal;
use assay_drivers::{DriverError, registry::RegistryError};
use assay_store::StoreError;
use assay_wire::{Refusal, fault};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    auth::REALM,
    conductor::{BodyError, ConductorError},
};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request is wrong in itself.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The conductor refused or failed.
    #[error(transparent)]
    Conductor(#[from] ConductorError),
    /// The node's state does not allow the change.
    #[error(transparent)]
    Update(#[from] UpdateRefusal),
    /// The node can't have that driver or interface.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A ramdisk's body was not taken.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Nothing is there, or not for this version.
    #[error("{0}")]
    NotFound(String),
    /// 400 for a reason of its own.
    #[error("{0}")]
    Invalid(String),
    /// 409 for a reason of its own.
    #[error("{0}")]
    Conflict(String),
    /// The path exists, with other methods.
    #[error("The method is not allowed for this version of the API.")]
    MethodNotAllowed,
    /// The body is larger than accepted.
    #[error("{0}")]
    TooLarge(String),
    /// The endpoint is switched off.
    #[error("{0}")]
    Forbidden(String),
    /// Who asks is not known.
    #[error("{0}")]
    Unauthorized(String),
    /// No room or no time now.
    #[error("{0}")]
    Unavailable(String),
}

impl ApiError {
    /// A driver can't do what a request is about, which the field calls by the name of a method.
    #[must_use]
    pub fn unsupported(driver: &str, extension: &str) -> Self {
        Self::Invalid(format!("Driver {driver} does not support {extension} (disabled or not implemented)."))
    }

    /// Whether trying again after a pause can help: somebody holds the node's lock.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Locked { .. } | StoreError::StaleNode(_))
                | Self::Conductor(ConductorError::Locked { .. } | ConductorError::Store(StoreError::Locked { .. }))
        )
    }

    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(Refusal::Invalid(_)) | Self::Registry(_) | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Refused(Refusal::Forbidden(_)) | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Refused(Refusal::NotAcceptable) => StatusCode::NOT_ACCEPTABLE,
            Self::Update(UpdateRefusal::Protected(_)) => StatusCode::FORBIDDEN,
            Self::Update(refusal) if refusal.is_callers_fault() => StatusCode::BAD_REQUEST,
            Self::Update(_) | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) => store_status(error),
            Self::Conductor(error) => conductor_status(error),
            Self::Body(error) => body_status(error),
        }
    }

    /// The answer's text. What failed inside is for the log, not for clients.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Store(error)
            | Self::Conductor(ConductorError::Store(error))
            | Self::Body(BodyError::Store(error))
                if store_status(error).is_server_error() =>
            {
                "The database did not do as asked; the service's log says why.".to_owned()
            }
            Self::Body(BodyError::NotExpected(_)) => NOT_FOUND.to_owned(),
            other => other.to_string(),
        }
    }
}

/// What is said to those who must not learn why.
pub const NOT_FOUND: &str = "Resource could not be found.";

fn store_status(error: &StoreError) -> StatusCode {
    match error {
        StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
        StoreError::MacAddressInUse { .. }
        | StoreError::DuplicateName { .. }
        | StoreError::AlreadyExists { .. }
        | StoreError::InstanceInUse(_)
        | StoreError::RunOpen(_)
        | StoreError::Locked { .. }
        | StoreError::StaleNode(_)
        | StoreError::StaleRun(_) => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn conductor_status(error: &ConductorError) -> StatusCode {
    match error {
        ConductorError::Locked { .. } | ConductorError::Conflict(_) => StatusCode::CONFLICT,
        ConductorError::InvalidState(_) => StatusCode::BAD_REQUEST,
        ConductorError::NoConductor { .. } => StatusCode::NOT_FOUND,
        ConductorError::NoFreeWorker => StatusCode::SERVICE_UNAVAILABLE,
        ConductorError::Driver(error) => driver_status(error),
        ConductorError::Store(error) => store_status(error),
    }
}

fn driver_status(error: &DriverError) -> StatusCode {
    if error.is_callers_fault() { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR }
}

fn body_status(error: &BodyError) -> StatusCode {
    match error {
        BodyError::NotExpected(_) => StatusCode::NOT_FOUND,
        BodyError::Invalid(_) => StatusCode::BAD_REQUEST,
        BodyError::Locked { .. } => StatusCode::CONFLICT,
        BodyError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        BodyError::Store(error) => store_status(error),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = ?self, "a request has failed: {self}");
        }
        let mut response = (status, Json(fault::body(status.as_u16(), &self.text()))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, REALM);
        }
        response
    }
}
