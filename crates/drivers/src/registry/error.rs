//! Why a driver or an interface can't be chosen.

use assay_core::node::InterfaceKind;

use crate::error::DriverError;

/// Why a driver or an interface can't be chosen. Texts are those that clients of the bare metal API know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No such hardware type, or it is not enabled.
    #[error("Could not find the following driver(s) or hardware type(s): {0}.")]
    DriverNotFound(String),
    /// No such implementation, or it is not enabled.
    #[error(
        "Could not find the following interface in the 'ironic.hardware.interfaces.{kind}' entrypoint: {name}. \
         Valid interfaces are {valid}."
    )]
    InterfaceNotFound {
        /// The kind of interface.
        kind: InterfaceKind,
        /// What was asked for.
        name: String,
        /// What there is, as a Python list: clients show it as it is.
        valid: String,
    },
    /// The implementation exists, but not for this hardware type.
    #[error("{kind} interface implementation '{name}' is not supported by hardware type {driver}.")]
    IncompatibleInterface {
        /// The kind of interface.
        kind: InterfaceKind,
        /// What was asked for.
        name: String,
        /// The hardware type.
        driver: String,
    },
    /// Nothing that is enabled suits the hardware type.
    #[error("For hardware type '{driver}', no default value found for {kind} interface.")]
    NoValidDefault {
        /// The kind of interface.
        kind: InterfaceKind,
        /// The hardware type.
        driver: String,
    },
    /// `default_<kind>_interface` names something that is not there: the service must not start.
    #[error("[DEFAULT]default_{kind}_interface = {name}: this is not an enabled {kind} interface; enabled: {valid}")]
    BadDefault {
        /// The kind of interface.
        kind: InterfaceKind,
        /// The configured default.
        name: String,
        /// What is enabled.
        valid: String,
    },
}

impl From<RegistryError> for DriverError {
    fn from(error: RegistryError) -> Self {
        Self::InvalidParameterValue(error.to_string())
    }
}
