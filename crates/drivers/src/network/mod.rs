//! Which network a node's NICs are on.

mod eligible;
mod neutron;
mod noop;

pub use neutron::{Isolation, Network, Neutron, NeutronNetwork, NeutronOptions};
pub use noop::NoopNetwork;
