//! How the ramdisk is booted.

mod fake;

pub use fake::{FakeBoot, FakeManagedBoot};
