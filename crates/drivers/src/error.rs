//! What an interface can answer instead of doing its work, in the names of the field.

use assay_core::id::NodeId;

/// An interface's refusal or failure. The text is for the operator; it never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// The interface has no such operation. In `validate_inspection` it means: fall back to the
    /// unmanaged way (seed), or be refused if `require_managed_boot`.
    #[error("{0}")]
    UnsupportedDriverExtension(String),
    /// Something that the operator must give is absent.
    #[error("{0}")]
    MissingParameterValue(String),
    /// Something that the operator gave is wrong.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// Neutron or the switch did not do as asked.
    #[error("{0}")]
    NetworkError(String),
    /// The BMC refused, lied, was slow or is gone. Names the address and what was asked.
    #[error("{0}")]
    Bmc(String),
    /// A boot image could not be had.
    #[error("{0}")]
    Image(String),
    /// The introspection service refused or failed.
    #[error("{0}")]
    Inspection(String),
    /// The request may have reached its target although the answer did not come back.
    #[error("{0}")]
    MaybeHappened(Box<DriverError>),
}

impl DriverError {
    /// The default of an operation that an interface does not have.
    #[must_use]
    pub fn unsupported(driver: &str, extension: &str) -> Self {
        Self::UnsupportedDriverExtension(format!(
            "Driver {driver} does not support {extension} (disabled or not implemented)."
        ))
    }

    /// A node without a single NIC that we know of.
    #[must_use]
    pub fn no_ports(node: NodeId) -> Self {
        Self::MissingParameterValue(format!("Node {node} does not have any port associated with it"))
    }

    /// What `validate_inspection` makes of an absent parameter: a reason to fall back to unmanaged
    /// boot. Anything else stays what it is.
    #[must_use]
    pub fn insufficient(self) -> Self {
        match self {
            Self::MissingParameterValue(text) => Self::UnsupportedDriverExtension(format!(
                "Insufficient information provided for managed inspection: {text}"
            )),
            other => other,
        }
    }

    /// Marks an error whose request may have landed all the same.
    #[must_use]
    pub fn maybe(self) -> Self {
        match self {
            Self::MaybeHappened(_) => self,
            other => Self::MaybeHappened(Box::new(other)),
        }
    }

    /// Whether the request may have landed although it failed here.
    #[must_use]
    pub const fn maybe_happened(&self) -> bool {
        matches!(self, Self::MaybeHappened(_))
    }

    /// Whether the caller gave something wrong or nothing: the API answers 400 to it.
    #[must_use]
    pub const fn is_callers_fault(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedDriverExtension(_) | Self::MissingParameterValue(_) | Self::InvalidParameterValue(_)
        )
    }
}
