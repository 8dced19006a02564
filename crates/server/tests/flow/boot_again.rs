//! A machine that shows no sign of life is booted again.

use assay_sim::{Ramdisk, Request, harness::PATIENCE};

use crate::site;

#[tokio::test]
async fn a_machine_that_does_not_reach_its_boot_server_is_booted_again_and_inspected() {
    let site = site(Ramdisk::default(), &[("OS_PXE__BOOT_RETRY_TIMEOUT", "1")]).await;
    let node = site.enrol(0).await.unwrap();
    // Its firmware finds nobody.
    site.world.boot_from("http://127.0.0.1:9");
    site.rest.provision(&node, "inspect").await.unwrap();
    let started_twice =
        |state: &assay_sim::State| state.writes.iter().filter(|write| **write == Request::PowerOn).count() >= 2;
    let state = site.world.machine(0).wait_for("a second boot", PATIENCE, started_twice).await.unwrap();
    let boot = [Request::SetBoot, Request::PowerOn];
    assert_eq!(state.writes[..5], [&boot[..], &[Request::PowerOff], &boot].concat());
    site.world.boot_from(&site.installation.boot_url());
    site.wait_for(&node, "manageable").await.unwrap();
    site.assert_nothing_left(0).await.unwrap();
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap();
    assert!(timeline.to_string().contains("no sign of life for 1 s: the machine is booted again, for the 1. time"));
}
