//! What only an SQLite file has: the lock beside it, and its write-ahead log.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

#[path = "../store/fixture.rs"]
#[allow(dead_code, reason = "the other tests need the rest")]
mod fixture;
mod lock;
mod log;
mod upgrade;
