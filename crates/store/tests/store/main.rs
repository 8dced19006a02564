//! The store by behaviour: on SQLite files, or on the server that [`fixture::SERVER`] names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod backup;
mod bodies;
mod fixture;
mod nodes;
mod opening;
mod portgroups;
mod ports;
mod records;
mod runs;
mod writing;
