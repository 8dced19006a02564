//! Two conductors on one database server: either is killed, or frozen for longer than its lease, in the middle of
//! inspections. `cargo xtask test databases` starts the server and names it in `ASSAY_TEST_DATABASE`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::print_stdout, reason = "the transcript")]

mod frozen;
mod gone;
mod group;
mod killed;
mod names;
mod pair;
