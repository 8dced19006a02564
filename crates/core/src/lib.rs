//! What is true: the rules of bare-metal inspection, as data and functions.
//!
//! **Invariant:** nothing here does I/O, reads a clock or is async. Time, random numbers and the
//! answers of the outside world come in as arguments.

pub mod apply;
pub mod boot;
pub mod callback;
pub mod capabilities;
pub mod hooks;
pub mod id;
pub mod inventory;
pub mod kernel;
pub mod limits;
pub mod lldp;
pub mod local_link;
pub mod lookup;
pub mod mac;
pub mod microversion;
pub mod name;
pub mod node;
pub mod port;
pub mod portgroup;
pub mod power;
pub mod power_sync;
pub mod provision;
pub mod run;
pub mod secret;
#[cfg(test)]
mod testing;
pub mod traits;
pub mod update;
