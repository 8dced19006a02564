//! What touches the outside: the interfaces of a node and their implementations.
//!
//! **Invariant:** nothing here decides a state; every call ends within its deadline.

pub mod boot;
mod cause;
mod driver_info;
pub mod error;
pub mod fake;
pub mod fence;
pub mod hardware;
mod http;
pub mod inspect;
pub mod interface;
pub mod ipmi;
pub mod management;
pub mod network;
pub mod openstack;
mod power_wait;
pub mod redfish;
pub mod registry;
#[cfg(test)]
mod rude;
#[cfg(test)]
mod testing;
pub mod verify_ca;

pub use error::DriverError;
pub use http::CALL_SECONDS;
pub use interface::Task;
pub use registry::{Implementations, Registry};
