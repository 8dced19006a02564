//! The BMC: resources, authentication, faults.

use std::time::Duration;

use assay_core::power::PowerState;
use assay_sim::{Fault, Hardware, Request, Stage, Times};
use serde_json::{Value, json};

use crate::{Bmc, SOON};

#[tokio::test]
async fn links_lead_from_the_root_to_every_nic() {
    let bmc = Bmc::start(Hardware { machines: 2, nics: 2, ..Hardware::default() }).await;
    let at = |link: &Value| format!("{}{}", bmc.world.bmc_url(), link["@odata.id"].as_str().unwrap());
    let root = bmc.get(&format!("{}/redfish/v1/", bmc.world.bmc_url())).await;
    let systems = bmc.get(&at(&root["Systems"])).await;
    assert_eq!(systems["Members@odata.count"], 2);
    let system = bmc.get(&at(&systems["Members"][1])).await;
    assert_eq!(system["PowerState"], "Off");
    let nics = bmc.get(&at(&system["EthernetInterfaces"])).await;
    let nic = bmc.get(&at(&nics["Members"][1])).await;
    assert_eq!(nic["MACAddress"], "52:54:01:00:00:01");
}

#[tokio::test]
async fn a_password_or_a_session_opens_what_is_not_public() {
    let bmc = Bmc::start(Hardware::default()).await;
    let status = |request: reqwest::RequestBuilder| async { request.send().await.unwrap().status().as_u16() };
    let system = bmc.system(0);
    assert_eq!(status(bmc.client.get(&system)).await, 401);
    assert_eq!(status(bmc.client.get(&system).basic_auth("admin", Some("wrong"))).await, 401);

    let sessions = format!("{}/redfish/v1/SessionService/Sessions", bmc.world.bmc_url());
    let (user, password) = bmc.world.credentials();
    let wrong = bmc.client.post(&sessions).json(&json!({"UserName": user, "Password": "wrong"}));
    assert_eq!(status(wrong).await, 401);
    let login = bmc.client.post(&sessions).json(&json!({"UserName": user, "Password": password}));
    let session = login.send().await.unwrap();
    assert_eq!(session.status(), 201);
    let token = session.headers()["x-auth-token"].clone();
    let ask = || bmc.client.get(&system).header("X-Auth-Token", token.clone());
    assert_eq!(status(ask()).await, 200);
    bmc.world.expire_sessions();
    assert_eq!(status(ask()).await, 401);
}

#[tokio::test]
async fn power_changes_after_the_delay_and_the_last_reset_wins() {
    let hardware = Hardware { power_delay: Duration::from_millis(200), ..Hardware::default() };
    let bmc = Bmc::start(hardware).await;
    assert_eq!(bmc.reset(0, "On").await.unwrap().status(), 204);
    assert_eq!(bmc.get(&bmc.system(0)).await["PowerState"], "Off");
    let machine = bmc.world.machine(0);
    machine.wait_for("power", SOON, |state| state.power == PowerState::On).await.unwrap();
    bmc.reset(0, "ForceOff").await.unwrap();
    bmc.reset(0, "On").await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(machine.state().power, PowerState::On);
    assert_eq!(machine.state().writes, [Request::PowerOn, Request::PowerOff, Request::PowerOn]);
    assert_eq!(machine.state().boots.last().unwrap().reached, [Stage::Disk]);
}

#[tokio::test]
async fn a_one_time_override_is_used_up_by_the_boot_unless_the_bmc_is_like_sushy() {
    for (sticky_override, shown, left) in [(false, "Once", false), (true, "Continuous", true)] {
        let bmc = Bmc::start(Hardware { sticky_override, ..Hardware::default() }).await;
        assert_eq!(bmc.boot_once(0, "Pxe").await, 204);
        assert_eq!(bmc.get(&bmc.system(0)).await["Boot"]["BootSourceOverrideEnabled"], shown);
        assert!(bmc.world.machine(0).state().boot.is_pending());
        bmc.reset(0, "On").await.unwrap();
        assert_eq!(bmc.world.machine(0).state().boot.is_pending(), left);
    }
}

#[tokio::test]
async fn an_override_is_checked_against_the_allowable_values_and_the_etag() {
    let bmc = Bmc::start(Hardware { require_etag: true, ..Hardware::default() }).await;
    assert_eq!(bmc.boot_once(0, "Pxe").await, 428);
    let body = json!({"Boot": {"BootSourceOverrideTarget": "Floppy"}});
    let patch =
        |etag: &'static str| bmc.signed(bmc.client.patch(bmc.system(0)).header("If-Match", etag).json(&body)).send();
    assert_eq!(patch("W/\"99\"").await.unwrap().status(), 412);
    let answer = patch("W/\"1\"").await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.json::<Value>().await.unwrap()["error"]["message"].is_string());
}

#[tokio::test]
async fn each_fault_happens_to_the_requests_that_it_is_planned_for() {
    let bmc = Bmc::start(Hardware { machines: 2, ..Hardware::default() }).await;
    let power = |index: usize| bmc.world.machine(index).state().power;

    bmc.world.inject(Some(0), Request::PowerOn, Fault::Refuse(503), Times::Next(1));
    assert_eq!(bmc.reset(0, "On").await.unwrap().status(), 503);
    assert_eq!(power(0), PowerState::Off);
    assert_eq!(bmc.reset(0, "On").await.unwrap().status(), 204);

    bmc.world.inject(Some(0), Request::PowerOff, Fault::CutAfter, Times::Next(1));
    assert!(bmc.reset(0, "ForceOff").await.is_err(), "the connection is cut");
    assert_eq!(power(0), PowerState::Off, "but it was done");

    bmc.world.inject(None, Request::System, Fault::LieAboutPower, Times::Always);
    assert_eq!(bmc.get(&bmc.system(1)).await["PowerState"], "On");
    bmc.world.heal();
    assert_eq!(bmc.get(&bmc.system(1)).await["PowerState"], "Off");

    bmc.world.inject(Some(1), Request::System, Fault::Hang, Times::Next(1));
    let asked = bmc.signed(bmc.client.get(bmc.system(1))).timeout(Duration::from_millis(100)).send().await;
    assert!(asked.unwrap_err().is_timeout());

    bmc.world.inject(Some(1), Request::System, Fault::Garbage, Times::Next(1));
    let garbage = bmc.signed(bmc.client.get(bmc.system(1))).send().await.unwrap();
    assert!(garbage.json::<Value>().await.is_err());
    assert_eq!(bmc.world.machine(1).state().requests[&Request::System], 4);
}
