//! Why a request is refused before anything is asked of the database or the conductor.

use assay_core::{local_link::LocalLinkError, traits::TraitError};

/// A request that is wrong in itself. The text is the answer's `faultstring`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: malformed, of the wrong type, unknown or contradictory.
    #[error("{0}")]
    Invalid(String),
    /// 403: arguments that exclude one another.
    #[error("{0}")]
    Forbidden(String),
    /// 406: too new for the microversion that the request names.
    #[error("Request not acceptable.")]
    NotAcceptable,
}

impl Refusal {
    /// A value that does not fit the schema of `what`, such as `node`.
    #[must_use]
    pub fn schema(what: &str, problem: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Schema error for {what}: {problem}"))
    }
}

impl From<LocalLinkError> for Refusal {
    fn from(error: LocalLinkError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<TraitError> for Refusal {
    fn from(error: TraitError) -> Self {
        Self::Invalid(error.to_string())
    }
}
