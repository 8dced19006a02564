//! The IPMI interfaces against an ipmitool of all manners, made here, and the real one with real BMC emulators behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../src/testing.rs"]
mod testing;

mod emulator;
mod manners;
mod rude;

use assay_core::secret::Secret;
use assay_drivers::{interface, interface::Task};
use serde_json::{Value, json};

/// A node whose BMC `driver_info` describes, with the account of every BMC here.
fn node(driver_info: &Value) -> Task {
    let mut task = testing::task("ipmi");
    task.node.driver_info = json!({"ipmi_username": "admin"}).as_object().unwrap().clone();
    task.node.driver_info.extend(driver_info.as_object().unwrap().clone());
    task.node.properties.insert("capabilities".to_owned(), json!("boot_mode:bios"));
    task.node.secrets.insert("ipmi_password".to_owned(), Secret::new("hunter2".to_owned()));
    task
}
