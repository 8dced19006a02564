//! Which network a node's NICs are on.

mod noop;

pub use noop::NoopNetwork;
