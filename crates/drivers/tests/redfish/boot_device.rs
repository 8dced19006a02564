//! The boot override: set in the words that a BMC takes, and taken back.

use std::sync::{Arc, Mutex};

use assay_core::power::{BootDevice, BootOverride};
use assay_drivers::interface::ManagementInterface;
use serde_json::{Value, json};

use crate::{
    bmc::SYSTEM,
    impatient, node_at,
    rude::{Manner, Rude, Seen, ok, status},
};

/// A BMC whose system holds `boot`; `judge` may refuse a PATCH, else it is merged into it.
async fn holding(boot: Value, judge: impl Fn(&Seen) -> Option<Manner> + Send + Sync + 'static) -> Rude {
    let held = Arc::new(Mutex::new(boot));
    let shown = Arc::clone(&held);
    let show = move || json!({"@odata.etag": "W/\"7\"", "Boot": shown.lock().unwrap().clone()});
    Rude::with_system(show, move |request| {
        request.line.starts_with("PATCH").then(|| {
            judge(request).unwrap_or_else(|| {
                let mut held = held.lock().unwrap();
                for (key, value) in request.body["Boot"].as_object().unwrap() {
                    held[key] = value.clone();
                }
                status(204)
            })
        })
    })
    .await
}

fn patches(bmc: &Rude) -> Vec<Value> {
    bmc.seen("PATCH").into_iter().map(|seen| seen.body["Boot"].clone()).collect()
}

fn boot(enabled: &str, target: &str) -> Value {
    json!({"BootSourceOverrideEnabled": enabled, "BootSourceOverrideTarget": target})
}

const NONE: BootOverride = BootOverride { device: None, persistent: false };

#[tokio::test]
async fn a_one_time_device_is_set_on_condition_of_the_version_that_was_read() {
    let bmc = holding(boot("Disabled", "None"), |_| None).await;
    let (_, management) = impatient();
    let task = node_at(&bmc.address);
    management.set_boot_device(&task, BootDevice::Pxe, false).await.unwrap();
    let sent = bmc.seen("PATCH");
    assert_eq!(sent[0].body, json!({"Boot": boot("Once", "Pxe")}));
    assert_eq!(sent[0].line, format!("PATCH {SYSTEM}"));
    assert!(sent[0].headers.contains("if-match: w/\"7\""), "{}", sent[0].headers);
    let set = management.get_boot_device(&task).await.unwrap();
    assert_eq!(set, BootOverride { device: Some(BootDevice::Pxe), persistent: false });
}

#[tokio::test]
async fn a_bmc_that_compares_versions_wrongly_is_humoured() {
    let judge = |seen: &Seen| seen.headers.contains("if-match").then(|| status(412));
    let bmc = holding(boot("Disabled", "None"), judge).await;
    impatient().1.set_boot_device(&node_at(&bmc.address), BootDevice::Pxe, true).await.unwrap();
    assert_eq!(patches(&bmc), vec![boot("Continuous", "Pxe"); 3]);
}

#[tokio::test]
async fn the_mode_is_sent_along_only_where_the_bmc_insists() {
    let mut held = boot("Disabled", "None");
    held["BootSourceOverrideMode"] = json!("UEFI");
    let judge = |seen: &Seen| seen.body["Boot"]["BootSourceOverrideMode"].is_null().then(|| status(400));
    let bmc = holding(held, judge).await;
    impatient().1.set_boot_device(&node_at(&bmc.address), BootDevice::Pxe, false).await.unwrap();
    let mut triple = boot("Once", "Pxe");
    triple["BootSourceOverrideMode"] = json!("UEFI");
    assert_eq!(patches(&bmc), [boot("Once", "Pxe"), triple]);
}

#[tokio::test]
async fn a_device_that_the_bmc_does_not_offer_is_invalid() {
    let mut held = boot("Disabled", "None");
    held["BootSourceOverrideTarget@Redfish.AllowableValues"] = json!(["None", "Hdd", "UefiHttp"]);
    let bmc = holding(held, |_| None).await;
    let error = impatient().1.set_boot_device(&node_at(&bmc.address), BootDevice::Pxe, false).await.unwrap_err();
    assert!(error.is_callers_fault());
    assert!(error.to_string().ends_with("the BMC does not boot from pxe; it offers: disk, uefihttp"), "{error}");
    assert_eq!(patches(&bmc), [] as [Value; 0]);
}

#[tokio::test]
async fn our_override_is_disabled_and_a_foreign_one_stays() {
    let (_, management) = impatient();
    for (held, former, sent) in [
        (boot("Once", "Pxe"), NONE, vec![json!({"BootSourceOverrideEnabled": "Disabled"})]),
        (boot("Continuous", "Pxe"), NONE, vec![json!({"BootSourceOverrideEnabled": "Disabled"})]),
        (boot("Disabled", "Pxe"), NONE, vec![]),
        (boot("Once", "None"), NONE, vec![]),
        (boot("Once", "Cd"), NONE, vec![]),
    ] {
        let bmc = holding(held, |_| None).await;
        management.restore_boot_device(&node_at(&bmc.address), BootDevice::Pxe, &former).await.unwrap();
        assert_eq!(patches(&bmc), sent);
    }
}

#[tokio::test]
async fn a_persistent_device_that_ours_displaced_comes_back() {
    let former = BootOverride { device: Some(BootDevice::Disk), persistent: true };
    for held in [boot("Once", "Pxe"), boot("Disabled", "None")] {
        let bmc = holding(held, |_| None).await;
        impatient().1.restore_boot_device(&node_at(&bmc.address), BootDevice::Pxe, &former).await.unwrap();
        assert_eq!(patches(&bmc), [boot("Continuous", "Hdd")]);
    }
}

#[tokio::test]
async fn a_bmc_that_cannot_hold_no_override_gets_the_former_one() {
    let former = BootOverride { device: Some(BootDevice::Disk), persistent: false };
    let refuse = |seen: &Seen| (seen.body["Boot"]["BootSourceOverrideEnabled"] == "Disabled").then(|| status(400));
    let lie = |seen: &Seen| (seen.body["Boot"]["BootSourceOverrideEnabled"] == "Disabled").then(|| status(204));
    for judge in [refuse as fn(&Seen) -> Option<Manner>, lie] {
        let bmc = holding(boot("Once", "Pxe"), judge).await;
        let task = node_at(&bmc.address);
        let slow = assay_drivers::redfish::interfaces(assay_drivers::redfish::RedfishConfig::default()).1;
        slow.restore_boot_device(&task, BootDevice::Pxe, &former).await.unwrap();
        assert_eq!(patches(&bmc).last(), Some(&boot("Once", "Hdd")));
        let error = slow.set_boot_device(&task, BootDevice::Pxe, false).await;
        assert_eq!(error, Ok(()));
        let error = slow.restore_boot_device(&task, BootDevice::Pxe, &NONE).await.unwrap_err();
        assert!(error.to_string().ends_with("the BMC has no way to hold no boot override"), "{error}");
    }
}

#[tokio::test]
async fn nics_are_read_from_links_and_from_expanded_members() {
    let nics = json!({"Members": [
        {"@odata.id": "/nics/1"},
        {"@odata.id": "/nics/2", "Id": "2", "MACAddress": "52:54:00:AA:00:02"},
        {"@odata.id": "/nics/3"},
    ], "Members@odata.nextLink": "/nics?page=2"});
    let show = || json!({"EthernetInterfaces": {"@odata.id": "/nics"}});
    let bmc = Rude::with_system(show, move |request| match request.line.as_str() {
        "GET /nics" => Some(ok(&nics)),
        "GET /nics/1" => Some(ok(&json!({"MACAddress": "52:54:00:AA:00:01", "Status": {"State": "Enabled"}}))),
        "GET /nics/3" => Some(ok(&json!({"MACAddress": "52:54:00:AA:00:03", "Status": {"State": "Absent"}}))),
        "GET /nics?page=2" => Some(ok(&json!({"Members": [{"PermanentMACAddress": "52:54:00:aa:00:01"}]}))),
        _ => None,
    })
    .await;
    let macs = impatient().1.get_mac_addresses(&node_at(&bmc.address)).await.unwrap();
    let texts: Vec<_> = macs.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["52:54:00:aa:00:01", "52:54:00:aa:00:02"]);
}
