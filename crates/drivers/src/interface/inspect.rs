//! Carrying out an inspection.

use assay_core::run::Service;
use async_trait::async_trait;
use serde_json::Value;

use super::{Property, Task};
use crate::error::DriverError;

/// How an inspection is carried out and where its data comes from.
#[async_trait]
pub trait InspectInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// What kind of inspection it is.
    fn kind(&self) -> InspectKind;

    /// Whether the node can be inspected this way at all.
    ///
    /// # Errors
    /// Unsupported for an interface that refuses every inspection.
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// The introspection service that has to be told; `own_instance` is by which the built-in one
    /// is known where an endpoint is configured.
    async fn service(&self, _own_instance: &str) -> Service {
        Service::None
    }

    /// The URL of the introspection service, without its version; `None` if none is configured.
    ///
    /// # Errors
    /// [`DriverError::Inspection`]: the catalog has none, or can't be asked.
    async fn endpoint(&self) -> Result<Option<String>, DriverError> {
        Ok(None)
    }

    /// Tells an external introspection service that the node is about to boot (seed: "Call
    /// ironic-inspector passing `manage_boot=False`"), or to boot it. `repeated`: an earlier try may
    /// have landed.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn start_introspection(&self, _task: &Task, _manage_boot: bool, _repeated: bool) -> Result<(), DriverError> {
        Ok(())
    }

    /// Asks an external introspection service how far it is.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn introspection(&self, _task: &Task) -> Result<Progress, DriverError> {
        Ok(Progress::GoesOn)
    }

    /// What an external introspection service has found; `None` if it keeps no data.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn introspection_data(&self, _task: &Task) -> Result<Option<IntrospectionData>, DriverError> {
        Ok(None)
    }

    /// Tells an external introspection service to forget the node; "not found" is well.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn abort_introspection(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }
}

/// How far an external introspection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has not ended.
    GoesOn,
    /// It has ended well.
    Finished,
    /// It has failed, in the service's words.
    Failed(String),
}

/// What an external introspection has found.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrospectionData {
    /// The ramdisk's inventory.
    pub inventory: Value,
    /// All else that the service has stored.
    pub plugin_data: Value,
}

/// The kinds of inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectKind {
    /// `no-inspect`: refused.
    None,
    /// Ends at once, without booting anything (`fake`).
    Immediate,
    /// A ramdisk is booted and posts what it found; the path of its callback, such as
    /// `/v1/continue_inspection`.
    InBand {
        /// Path of the callback on our own listeners, before run id and secret.
        callback_path: &'static str,
        /// What `require_managed_boot` means when it is unset.
        requires_managed_boot: bool,
    },
}
