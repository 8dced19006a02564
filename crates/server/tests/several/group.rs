//! Conductor groups: who works on a node.

use assay_sim::{Hardware, Ramdisk, harness::PATIENCE};
use reqwest::Method;
use serde_json::json;

use crate::pair::Pair;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_at_a_conductor_of_another_group_is_carried_out_by_one_of_the_nodes_group() {
    let hardware = Hardware { ramdisk: Ramdisk { posts: 0, ..Ramdisk::default() }, ..Hardware::default() };
    let own = [("OS_CONDUCTOR__CONDUCTOR_GROUP", "rack2")];
    let mut pair = Pair::new(hardware, [&[], &own]).await.unwrap();
    pair.start(0, &[]).await.unwrap();
    let group = json!({"conductor_group": "rack2"});
    let refused = pair.enrol(0, 0, &group).await.unwrap_err().to_string();
    let told = "No conductor service registered which supports driver redfish for conductor group";
    assert!(refused.contains("404") && refused.contains(told) && refused.contains("rack2"), "{refused}");
    pair.members[0].rest.delete("sim-0").await.unwrap();

    pair.start(1, &[]).await.unwrap();
    pair.world.boot_from(&pair.members[1].installation.boot_url());
    // Everything is asked of the conductor that does not serve the node.
    let node = pair.enrol(0, 0, &group).await.unwrap();
    let rest = &pair.members[0].rest;
    rest.provision(&node, "inspect").await.unwrap();
    rest.wait_for(&node, "inspect wait", PATIENCE).await.unwrap();
    rest.provision(&node, "abort").await.unwrap();
    rest.wait_for(&node, "inspect failed", PATIENCE).await.unwrap();
    pair.nothing_left(0, &[0, 1]).await.unwrap();
    let device = json!({"boot_device": "disk", "persistent": false});
    let set = rest.ask(Method::PUT, &format!("/v1/nodes/{node}/management/boot_device"), Some(&device)).await.unwrap();
    assert_eq!(set.status, 204, "{}", set.body);
    let log = pair.members[0].installation.log_tail(500);
    assert!(!log.contains("\"sign\""), "the first conductor has driven nothing: {log}");
}
