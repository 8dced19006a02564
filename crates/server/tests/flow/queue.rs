//! The cap on inspections in flight, and the queue before it.

use assay_core::power::PowerState;
use assay_sim::{
    Fault, Hardware, Ramdisk, Request, Times,
    harness::{PATIENCE, Setup, Site},
};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{last_error, silent};

async fn site_of(machines: usize, ramdisk: Ramdisk, options: &[(&'static str, &str)]) -> Site {
    let options = options.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let hardware = Hardware { machines, ramdisk, ..Hardware::default() };
    Site::start(Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options }).await.unwrap()
}

async fn enrol_all(site: &Site, machines: usize) -> Vec<String> {
    let mut nodes = Vec::new();
    for machine in 0..machines {
        nodes.push(site.enrol(machine).await.unwrap());
    }
    nodes
}

async fn texts(site: &Site, node: &str) -> Vec<String> {
    let timeline = site.rest.get(&format!("/v1/nodes/{node}/timeline")).await.unwrap();
    let events = timeline["events"].as_array().cloned().unwrap_or_default();
    events.iter().filter_map(|event| Some(event["text"].as_str()?.to_owned())).collect()
}

/// A machine whose inspection is queued was not touched.
fn untouched(site: &Site, machine: usize) {
    let state = site.world.machine(machine).state();
    assert!(state.writes.is_empty() && state.power == PowerState::Off, "{:?}", state.writes);
}

#[tokio::test]
async fn s8_over_the_cap_a_node_waits_untouched_until_its_turn_comes() {
    let site = site_of(3, silent(), &[("OS_ASSAY__MAX_INSPECTIONS", "1")]).await;
    let nodes = enrol_all(&site, 3).await;
    site.inspect(&nodes[0], "inspect wait").await.unwrap();
    for (ahead, place) in [(0, 1), (1, 2)] {
        let queued: Value = site.inspect(&nodes[place], "inspect wait").await.unwrap();
        assert_eq!((&queued["reservation"], &queued["power_state"]), (&json!(null), &json!("power off")));
        assert_eq!(queued["target_provision_state"], "manageable");
        assert!(queued["inspection_started_at"].is_string() && queued["last_error"].is_null());
        assert_eq!(texts(&site, &nodes[place]).await, [format!("queued, {ahead} ahead")]);
        untouched(&site, place);
        assert_eq!(site.boot_script(place).await.unwrap(), StatusCode::NOT_FOUND);
    }
    site.rest.provision(&nodes[0], "abort").await.unwrap();
    site.wait_for(&nodes[0], "inspect failed").await.unwrap();
    let began = |state: &assay_sim::State| state.boots.iter().any(|boot| boot.callback.is_some());
    site.world.machine(1).wait_for("its boot", PATIENCE, began).await.unwrap();
    untouched(&site, 2);
    assert!(texts(&site, &nodes[1]).await.iter().any(|text| text == "its turn in the queue has come"));
}

#[tokio::test]
async fn s8_a_queued_inspection_can_be_aborted_outlives_a_restart_and_goes_with_its_node() {
    let mut site = site_of(4, silent(), &[("OS_ASSAY__MAX_INSPECTIONS", "1")]).await;
    let nodes = enrol_all(&site, 4).await;
    for node in &nodes {
        site.inspect(node, "inspect wait").await.unwrap();
    }
    site.rest.provision(&nodes[1], "abort").await.unwrap();
    let aborted = site.wait_for(&nodes[1], "inspect failed").await.unwrap();
    assert_eq!(last_error(&aborted), "Inspection was aborted by request.");
    site.restart(&[]).await.unwrap();
    site.wait_for(&nodes[2], "inspect wait").await.unwrap();
    site.rest.put(&format!("/v1/nodes/{}/maintenance", nodes[2]), &json!({})).await.unwrap();
    site.rest.delete(&nodes[2]).await.unwrap();
    site.rest.provision(&nodes[0], "abort").await.unwrap();
    let began = |state: &assay_sim::State| state.boots.iter().any(|boot| boot.callback.is_some());
    site.world.machine(3).wait_for("its boot", PATIENCE, began).await.unwrap();
    for machine in [1, 2] {
        untouched(&site, machine);
    }
    site.rest.provision(&nodes[3], "abort").await.unwrap();
    site.wait_for(&nodes[3], "inspect failed").await.unwrap();
    for machine in 0..4 {
        site.assert_nothing_left(machine).await.unwrap();
    }
}

#[tokio::test]
async fn s6_a_turn_that_does_not_come_in_time_ends_the_inspection_untouched() {
    let options = [("OS_ASSAY__MAX_INSPECTIONS", "1"), ("OS_ASSAY__QUEUE_TIMEOUT", "1")];
    let site = site_of(2, silent(), &options).await;
    let nodes = enrol_all(&site, 2).await;
    site.inspect(&nodes[0], "inspect wait").await.unwrap();
    let ended = site.inspect(&nodes[1], "inspect failed").await.unwrap();
    assert!(last_error(&ended).contains("its turn did not come in time"), "{ended}");
    untouched(&site, 1);
}

#[tokio::test]
async fn s8_many_inspections_pass_through_a_narrow_cap_and_a_narrow_bmc() {
    let options = [("OS_ASSAY__MAX_INSPECTIONS", "3"), ("OS_ASSAY__MAX_STARTS_PER_BMC", "2")];
    let site = site_of(12, Ramdisk::default(), &options).await;
    let nodes = enrol_all(&site, 12).await;
    for node in &nodes {
        site.rest.provision(node, "inspect").await.unwrap();
    }
    let mut most = 0;
    loop {
        let on = (0..12).filter(|machine| site.world.machine(*machine).state().power == PowerState::On).count();
        most = most.max(on);
        let listed = site.rest.ask(Method::GET, "/v1/nodes?provision_state=manageable", None).await.unwrap();
        if listed.body["nodes"].as_array().unwrap().len() == 12 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!((1..=3).contains(&most), "{most} machines were on at once");
    for machine in 0..12 {
        site.assert_nothing_left(machine).await.unwrap();
    }
}

#[tokio::test]
async fn s8_a_bmc_that_accepts_and_never_answers_delays_only_its_own_node() {
    const OTHERS: usize = 50;
    let site = site_of(OTHERS + 1, Ramdisk::default(), &[]).await;
    let nodes = join_all((0..=OTHERS).map(|machine| site.enrol(machine))).await;
    let nodes: Vec<String> = nodes.into_iter().map(Result::unwrap).collect();
    for request in [Request::System, Request::PowerOn, Request::PowerOff, Request::SetBoot, Request::Interfaces] {
        site.world.inject(Some(OTHERS), request, Fault::Hang, Times::Always);
    }
    site.rest.provision(&nodes[OTHERS], "inspect").await.unwrap();
    let ends = nodes[..OTHERS].iter().map(|node| site.inspect(node, "manageable"));
    for end in join_all(ends).await {
        end.unwrap();
    }
    let hanging = site.rest.get(&format!("/v1/nodes/{}", nodes[OTHERS])).await.unwrap();
    assert_eq!(hanging["provision_state"], "inspecting", "{hanging}");
    assert!(hanging["reservation"].is_string());
}
