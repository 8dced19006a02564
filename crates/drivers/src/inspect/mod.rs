//! How an inspection is carried out and where its data comes from.

mod agent;
mod bmc_address;
mod fake;
mod inspector;
mod no_inspect;

pub use agent::AgentInspect;
pub use bmc_address::bmc_addresses;
pub use fake::FakeInspect;
pub use inspector::{InspectorChoice, InspectorClient, InspectorInspect};
pub use no_inspect::NoInspect;
