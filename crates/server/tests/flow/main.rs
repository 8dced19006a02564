//! Whole inspections: the real binary, machines with a Redfish BMC and a ramdisk on real sockets.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod bmc;
mod boot_again;
mod callback;
mod external;
mod floods;
mod happy;
mod introspection;
mod isolation;
mod policy;
mod power_sync;
mod queue;

use assay_sim::{
    Hardware, Ramdisk,
    harness::{Setup, Site},
};

/// A site with one machine whose ramdisk does this, and a binary with these options.
async fn site(ramdisk: Ramdisk, options: &[(&'static str, &str)]) -> Site {
    let options = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let hardware = Hardware { ramdisk, ..Hardware::default() };
    Site::start(Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options }).await.unwrap()
}

/// A ramdisk that boots and never posts.
fn silent() -> Ramdisk {
    Ramdisk { posts: 0, ..Ramdisk::default() }
}

/// Starts an inspection with a silent ramdisk and returns its callback URL.
async fn callback_of(site: &Site, node: &str) -> String {
    site.inspect(node, "inspect wait").await.unwrap();
    let machine = site.world.machine(0);
    let booted = |state: &assay_sim::State| state.boots.last().is_some_and(|boot| boot.callback.is_some());
    let state = machine.wait_for("callback URL", assay_sim::harness::PATIENCE, booted).await.unwrap();
    state.boots.last().unwrap().callback.clone().unwrap()
}

fn last_error(node: &serde_json::Value) -> &str {
    node["last_error"].as_str().unwrap_or_default()
}
