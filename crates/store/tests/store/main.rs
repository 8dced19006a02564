//! The store on real SQLite files, by behaviour.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod bodies;
mod fixture;
mod nodes;
mod opening;
mod portgroups;
mod ports;
mod records;
mod runs;
mod writing;
