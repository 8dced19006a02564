//! Worlds in memory, under virtual time: the run engine of the core between machines, a Neutron and a database that are told to
//! fail, with conductors that die, freeze, lose their database and have wrong clocks. A world is a function of its seed or script.
//!
//! What a conductor does here is what `server::conductor` does, in the same order: claim, step, commit, send, answer, release. The
//! engine is the core's own.
//!
//! **Invariant:** no I/O, no clock, no thread: the same [`Setup`] gives the same [`Story`], event by event.

mod clients;
mod conductor;
mod database;
pub mod faults;
mod judge;
mod queue;
pub mod setup;
mod truth;
mod world;

pub use judge::Story;
pub use setup::{Kind, Setup};
pub use world::play;

/// Milliseconds since the world began.
type Moment = i64;

const SECOND: Moment = 1000;
