//! What touches the outside: the interfaces of a node and their implementations.
//!
//! **Invariant:** nothing here decides a state; every call ends within its deadline.

pub mod error;
pub mod interface;

pub use error::DriverError;
pub use interface::Task;
