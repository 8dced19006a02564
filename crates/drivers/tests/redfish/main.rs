//! The Redfish interfaces against BMCs of all manners: a rude one made here, and the real
//! sushy-tools emulator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../src/rude.rs"]
mod rude;
#[path = "../../src/testing.rs"]
mod testing;

mod bmc;
mod boot_device;
mod emulator;
mod power;
mod rudeness;
mod sessions;
mod virtual_media;

use std::time::Duration;

use assay_core::secret::Secret;
use assay_drivers::{
    interface,
    redfish::{RedfishConfig, RedfishManagement, RedfishPower, interfaces},
};
use interface::Task;
use serde_json::json;

/// A node whose BMC is at `address`.
fn node_at(address: &str) -> Task {
    let mut task = testing::task("redfish");
    task.node.driver_info = json!({"redfish_address": address}).as_object().unwrap().clone();
    task
}

/// The same with an account.
fn node_with_account(address: &str) -> Task {
    let mut task = node_at(address);
    task.node.driver_info.insert("redfish_username".to_owned(), json!("admin"));
    task.node.secrets.insert("redfish_password".to_owned(), Secret::new("hunter2".to_owned()));
    task
}

/// The interfaces with the patience of a test.
fn impatient() -> (RedfishPower, RedfishManagement) {
    let (power, management, _) = interfaces(RedfishConfig {
        connect_timeout: Duration::from_millis(500),
        call_timeout: Duration::from_millis(900),
        power_state_change_timeout: Duration::from_millis(600),
        connection_attempts: 2,
        ..RedfishConfig::default()
    });
    (power, management)
}
