//! What can go wrong with the store, in sentences for the operator.

use std::path::PathBuf;

use assay_core::{
    id::{NodeId, RunId},
    mac::MacAddress,
};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{
    Fault,
    trouble::{self, Trouble},
};

/// Why the store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("{kind} {id} could not be found.")]
    NotFound {
        /// `Node`, `Port`, …
        kind: &'static str,
        /// As the caller named it.
        id: String,
    },
    /// The address belongs to another object of the same kind.
    #[error("A {kind} with MAC address {address} already exists.")]
    MacAddressInUse {
        /// `port` or `portgroup`.
        kind: &'static str,
        /// The address.
        address: MacAddress,
    },
    /// The name belongs to another object of the same kind.
    #[error("A {kind} with name {name} already exists.")]
    DuplicateName {
        /// `node`, `port`, …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An object with this UUID exists.
    #[error("A {kind} with UUID {id} already exists.")]
    AlreadyExists {
        /// `node`, `port`, …
        kind: &'static str,
        /// The UUID.
        id: Uuid,
    },
    /// The instance is on another node.
    #[error("Instance {0} is already associated with a node.")]
    InstanceInUse(Uuid),
    /// The node has an open run of a kind of which there is at most one.
    #[error("Node {0} has an open run already.")]
    RunOpen(NodeId),
    /// Somebody holds the node's exclusive lock.
    #[error("Node {node} is locked by host {host}, please retry after the current operation is completed.")]
    Locked {
        /// The node.
        node: NodeId,
        /// The conductor that holds the lock.
        host: String,
    },
    /// The node was changed, or its lock was lost, since the caller read it. Nothing was written.
    #[error("Node {0} has been changed in the meantime; nothing was written.")]
    StaleNode(NodeId),
    /// The run was changed by another owner since the caller read it. Nothing was written.
    #[error("Run {0} has been changed in the meantime; nothing was written.")]
    StaleRun(RunId),
    /// The database holds tables but not our `assay_meta` row.
    #[error(
        "{0} is another service's database: it holds tables, but none of Assay's. Give Assay a database of its own."
    )]
    Foreign(String),
    /// The schema was written by a newer release.
    #[error(
        "{database} has schema {found}; this release of Assay knows up to {known}. Start the release that upgraded it, or a later one."
    )]
    Newer {
        /// The database.
        database: String,
        /// Its schema version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// The schema is an older release's.
    #[error(
        "{database} has schema {found}, this release of Assay needs {known}. Run `assay db upgrade` once, then start again."
    )]
    Older {
        /// The database.
        database: String,
        /// Its schema version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// Another process has the database open.
    #[error(
        "{0} is in use by another Assay process (its lock file is held). Stop that one first; SQLite serves one conductor."
    )]
    InUse(PathBuf),
    /// Another process has registered under this host name.
    #[error(
        "Another Assay process with host name {0} serves this database. Stop it first, or give this one a name of its own \
         ([DEFAULT] host): the locks on nodes carry it."
    )]
    HostTaken(String),
    /// The key file may be read by others.
    #[error("The key file {path} may be read by others (mode {mode:o}). Run `chmod 600 {path}`.", path = path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file does not hold a key.
    #[error("The key file {0} does not hold 32 bytes. Restore it from a backup.")]
    KeyInvalid(PathBuf),
    /// The database exists, its key does not.
    #[error(
        "The key file {0} is gone, but the database holds what was sealed with it. Restore the file from a backup, or copy \
         it from another conductor of this database; without it, the BMC passwords in the database can't be read by anybody."
    )]
    KeyLost(PathBuf),
    /// The key is not the one that the database was made with.
    #[error(
        "The key file {0} is not the one that this database was made with. Restore the right one from a backup, or copy it \
         from another conductor of this database."
    )]
    KeyWrong(PathBuf),
    /// Sealed data does not open: it was changed, or moved to another node.
    #[error("The sealed secrets of node {0} do not open: they were damaged, or are another node's.")]
    Sealed(NodeId),
    /// A stored value can't be read.
    #[error("{table} row {id} in the database can't be read: {why}.")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What was found.
        why: String,
    },
    /// A file can't be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A write did not end well and was taken back; the log says why.
    #[error("A write to the database was taken back; the log says why.")]
    TakenBack,
    /// The writer has ended; the process is about to stop.
    #[error("The database is being closed; nothing was written.")]
    Closed,
    /// The commit that this write shared with others failed.
    #[error("The database did not take the commit: {0}")]
    Commit(String),
    /// The connection was lost while the commit was under way: it may have been taken, or not.
    #[error(
        "The connection to the database was lost in the middle of a commit; nobody can tell whether it was taken: {0}"
    )]
    Unsure(String),
    /// The database can't be reached now; nothing was written.
    #[error("The database can't be reached, and nothing was written: {0}. Is its server running?")]
    Away(String),
    /// The database could not be opened at all.
    #[error(
        "The {database} can't be opened: {why}. Check [database] connection (host, port, user, password, name of the \
         database), and whether its server runs."
    )]
    Unreachable {
        /// The database.
        database: String,
        /// What the driver says.
        why: String,
    },
    /// A backup can't be made, or can't be read.
    #[error("The backup can't be used: {0}")]
    Backup(String),
    /// A backup is restored into an empty database only.
    #[error("{0} holds tables already. Restore into an empty database: make a new one, or name another file.")]
    NotEmpty(String),
    /// Anything else that the database says.
    #[error("The database answered: {0}")]
    Db(Fault),
}

impl From<Fault> for StoreError {
    /// Not as a source: its text is in ours already.
    fn from(fault: Fault) -> Self {
        Self::Db(fault)
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::Db(error.into())
    }
}

impl StoreError {
    /// Whether the database itself is what is missing: the same may succeed when it is back.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Away(_) | Self::Unsure(_) | Self::Commit(_) => true,
            Self::Db(error) => trouble::of(error) == Trouble::Lost,
            _ => false,
        }
    }

    /// Nothing is there under `id`.
    pub(crate) fn not_found(kind: &'static str, id: &impl ToString) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }

    /// The row `id` holds something unreadable.
    pub(crate) fn corrupt(table: &'static str, id: &impl ToString, why: &impl ToString) -> Self {
        Self::Corrupt { table, id: id.to_string(), why: why.to_string() }
    }
}
