//! Where it is kept: one function per query, each taking a connection.
//!
//! Reads take a [`Conn`] from [`Store::read`]; writes take the [`Tx`] that [`Store::write`] hands
//! to its closure. Waiting writes share one commit.
//!
//! **Invariant:** no transaction is open across anything that is not SQL.

pub mod backup;
pub mod bodies;
pub mod boot_records;
pub mod conductors;
mod conn;
mod database;
mod dialect;
mod documents;
mod entity;
mod error;
mod fault;
pub mod history;
pub mod inspections;
pub mod keyfile;
pub mod leases;
mod lock;
pub mod meta;
mod migration;
pub mod nodes;
pub mod page;
pub mod portgroups;
pub mod ports;
pub mod queue;
mod readers;
mod row;
pub mod runs;
mod seal;
mod store;
mod time;
pub mod timeline;
mod trouble;
mod writer;

pub use conn::{Conn, Tx};
pub use database::{Database, Server, UnusableUrl};
pub use error::StoreError;
pub use fault::Fault;
pub use store::Store;
