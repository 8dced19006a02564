//! How we lie to it: a fake world on real sockets, for tests, benchmarks and `assay simulate`.
//!
//! [`World`] is the hardware: machines with one Redfish BMC in front of them, whose NICs boot from
//! Assay's own listeners into a fake ramdisk. [`Cloud`] is a Keystone and a Neutron. [`harness`] is
//! the other half of a test: the real binary, started, killed and asked through its REST API.
//!
//! **Invariant:** production never needs it.

mod bmc;
mod body;
mod cloud;
mod fault;
pub mod harness;
mod ipxe;
mod line;
pub mod load;
mod machine;
mod mishap;
mod ramdisk;
mod world;
pub mod worlds;

pub use bmc::Request;
pub use body::{Content, Recording};
pub use cloud::{
    Catalog, Cloud, CloudRequest, CloudSetup, Endpoint, FakeCredential, FakeNetwork, FakeSubnet, FakeSwitch, FakeUser,
    Seen,
};
pub use fault::{Fault, Times};
pub use machine::{Answer, Boot, BootOverride, Machine, Stage, State};
pub use ramdisk::{Callback, Images, Ramdisk};
pub use world::{Hardware, World};
