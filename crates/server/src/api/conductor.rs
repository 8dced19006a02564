//! What the API asks of the conductor. Everything that touches a BMC, takes the node's lock for
//! longer than one transaction, or belongs to a run, goes through here.

use std::{collections::BTreeMap, time::Duration};

use assay_core::{
    id::{NodeId, RunId},
    node::{InterfaceKind, InvalidState},
    power::{BootDevice, BootOverride, PowerTarget},
    provision::ProvisionEvent,
};
use assay_drivers::DriverError;
use assay_store::StoreError;
use async_trait::async_trait;
use bytes::Bytes;

/// The conductor, as handlers see it. An exclusive request answers [`ConductorError::Locked`] at
/// once when the node is reserved: the API does the waiting.
#[async_trait]
pub trait ConductorApi: Send + Sync {
    /// Asks the node to make a provision step; returns when it is under way and on disk. The
    /// state machine was asked before, and is asked again under the lock.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn provision(&self, node: NodeId, event: ProvisionEvent) -> Result<(), ConductorError>;

    /// Starts a power action. `timeout` replaces the configured time that the machine has for it.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn set_power(
        &self,
        node: NodeId,
        target: PowerTarget,
        timeout: Option<Duration>,
    ) -> Result<(), ConductorError>;

    /// Sets the boot device and returns when the BMC has it.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn set_boot_device(&self, node: NodeId, device: BootDevice, persistent: bool) -> Result<(), ConductorError>;

    /// Asks the BMC for its boot device.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn boot_device(&self, node: NodeId) -> Result<BootOverride, ConductorError>;

    /// The devices that the BMC can be told to boot from.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn supported_boot_devices(&self, node: NodeId) -> Result<Vec<BootDevice>, ConductorError>;

    /// What each interface says of the node, without a lock.
    ///
    /// # Errors
    /// [`ConductorError`] when the node itself can't be had.
    async fn validate(&self, node: NodeId) -> Result<Validation, ConductorError>;

    /// Deletes the node; an open run keeps what its undo needs.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn delete_node(&self, node: NodeId) -> Result<(), ConductorError>;

    /// Takes what the ramdisk of `run` posted; its secret has been verified. Returns when the body
    /// is on disk and, where the path reports hook failures, processed.
    ///
    /// # Errors
    /// [`BodyError`].
    async fn accept_body(&self, run: RunId, body: Bytes) -> Result<NodeId, BodyError>;

    /// Takes what a ramdisk posted without a secret. Only runs that were started without managed
    /// boot, and discovery, are reached this way. `node` is the client's hint.
    ///
    /// # Errors
    /// [`BodyError`].
    async fn accept_plain_body(&self, node: Option<NodeId>, body: Bytes) -> Result<NodeId, BodyError>;

    /// As [`accept_plain_body`](Self::accept_plain_body); returns when the hooks have worked on it.
    ///
    /// # Errors
    /// [`BodyError`]; what the hooks refuse is invalid.
    async fn introspected(&self, body: Bytes) -> Result<NodeId, BodyError>;

    /// Starts an introspection that leaves provision state and networks alone; one that waits
    /// starts again.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn introspect(&self, node: NodeId, manage_boot: bool) -> Result<(), ConductorError>;

    /// Ends the node's inspection, however it was started; one that has ended may be ended again.
    ///
    /// # Errors
    /// [`ConductorError`].
    async fn abort_introspection(&self, node: NodeId) -> Result<(), ConductorError>;
}

/// What each interface of a node says.
pub type Validation = BTreeMap<InterfaceKind, Verdict>;

/// What one interface says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it can serve the node; `None`: it has no opinion.
    pub result: Option<bool>,
    /// Why not, or what there is to know.
    pub reason: Option<String>,
}

/// Why the conductor did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ConductorError {
    /// Somebody holds the node's lock.
    #[error("Node {node} is locked by host {host}, please retry after the current operation is completed.")]
    Locked {
        /// The node.
        node: NodeId,
        /// The conductor that holds the lock.
        host: String,
    },
    /// The state machine does not allow it.
    #[error(transparent)]
    InvalidState(#[from] InvalidState),
    /// No living conductor serves the node's group.
    #[error(
        "No valid host was found. Reason: No conductor service registered which supports driver {driver} for conductor group \
         \"{group}\"."
    )]
    NoConductor {
        /// The node's.
        driver: String,
        /// The node's.
        group: String,
    },
    /// Everybody is busy.
    #[error("Requested action cannot be performed due to lack of free conductor workers.")]
    NoFreeWorker,
    /// The request contradicts what the node is set to, such as `disable_power_off`.
    #[error("{0}")]
    Conflict(String),
    /// An interface refused or failed.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a posted body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Nobody waits for it: no such run, over, or another body was accepted.
    #[error("{0}")]
    NotExpected(String),
    /// It is not what a ramdisk posts, or a hook refuses it.
    #[error("{0}")]
    Invalid(String),
    /// Somebody holds the node's lock for longer than the ramdisk can wait; it tries again.
    #[error("Node {node} is locked by host {host}, please retry after the current operation is completed.")]
    Locked {
        /// The node.
        node: NodeId,
        /// The conductor that holds the lock.
        host: String,
    },
    /// No room now; the ramdisk tries again.
    #[error("{0}")]
    Busy(String),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
