//! The real binary under test, between a fake world and a REST client.
//!
//! [`Site`] is all a test needs: a [`World`](crate::World), an [`Installation`] of the binary with
//! its own folder and its own ports, the running process and a [`Rest`] client.
//!
//! **Invariant:** nothing waits without a deadline, and nothing outlives its [`Site`].

mod database;
mod installation;
mod rest;
mod site;

pub use database::{crash_database_server, server_database};
pub(crate) use installation::free_port;
pub use installation::{Installation, Ports, Process};
pub use rest::{Reply, Rest};
pub use site::{Setup, Site};

use std::time::Duration;

/// How long anything may take that is not meant to take long.
pub const PATIENCE: Duration = Duration::from_secs(30);
