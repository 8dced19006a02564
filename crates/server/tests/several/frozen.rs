//! A conductor is frozen for longer than its lease while an effect that can land late is under way. The other ends the run;
//! what the frozen one still sends when it goes on changes nothing for good.

use std::time::Duration;

use assay_sim::{Hardware, Ramdisk, harness::PATIENCE};
use serde_json::{Value, json};

use crate::pair::Pair;

/// The lease of 60 s, what the other needs to notice, and the end of the run.
const LONG: Duration = Duration::from_secs(150);
/// What a thawed conductor may need until it has seen that it was replaced: one more lease of waiting for the node.
const THAW: Duration = Duration::from_secs(8);

/// Freezes the first conductor where it is about to do `effect`, lets the second end the run, and lets the first go on.
async fn frozen_before(effect: &str, boot_interface: &str) {
    let hardware = Hardware { ramdisk: Ramdisk { posts: 0, ..Ramdisk::default() }, ..Hardware::default() };
    let mut pair = Pair::new(hardware, [&[], &[]]).await.unwrap();
    let file = pair.members[0].installation.path("paused");
    let (hold, at) = (file.display().to_string(), format!("before_effect:{effect}"));
    pair.start(0, &[("ASSAY_HOLD_AT", &at), ("ASSAY_PAUSE_FILE", &hold)]).await.unwrap();
    pair.start(1, &[]).await.unwrap();
    let node = pair.enrol(0, 0, &json!({"boot_interface": boot_interface})).await.unwrap();
    pair.members[0].rest.provision(&node, "inspect").await.unwrap();
    let first = pair.members[0].process.as_mut().unwrap();
    first.wait_for_file(&file, PATIENCE).await.unwrap();
    pair.signal(0, "STOP").await.unwrap();
    pair.tell(&format!("conductor one is frozen before {effect}"));
    pair.world.boot_from(&pair.members[1].installation.boot_url());

    let other = &pair.members[1].rest;
    other.wait_for(&node, "inspect wait", LONG).await.unwrap();
    other.provision(&node, "abort").await.unwrap();
    other.wait_for(&node, "inspect failed", PATIENCE).await.unwrap();
    pair.nothing_left(0, &[1]).await.unwrap();
    pair.tell("conductor two has ended the run");
    let writes = pair.world.machine(0).state().writes.len();

    std::fs::remove_file(&file).unwrap();
    pair.signal(0, "CONT").await.unwrap();
    tokio::time::sleep(THAW).await;
    pair.nothing_left(0, &[0, 1]).await.unwrap_or_else(|left| panic!("{left:#}\n{}", pair.logs()));
    let state = pair.world.machine(0).state();
    assert_eq!(state.writes.len(), writes, "the frozen conductor sent {:?}\n{}", state.writes, pair.logs());
    let shown: Value = pair.members[0].rest.get(&format!("/v1/nodes/{node}")).await.unwrap();
    assert_eq!(shown["provision_state"], "inspect failed");
    pair.tell("conductor one goes on, and has sent nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_power_on_sends_nothing_any_more() {
    frozen_before("PowerOn", "ipxe").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_a_conductor_that_was_frozen_before_the_boot_device_sends_nothing_any_more() {
    frozen_before("SetBootDevice", "ipxe").await;
}
