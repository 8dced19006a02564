//! Discs in virtual drives: put in by following links, and ours taken out and no other.

use std::sync::{Arc, Mutex};

use assay_core::secret::Secret;
use assay_drivers::{DriverError, redfish::RedfishConfig};
use serde_json::{Value, json};

use crate::{
    interfaces, node_at,
    rude::{Manner, Rude, Seen, ok, status},
};

const URL: &str = "http://192.0.2.1:8080/iso/run/secret.iso";
const INSERT: &str = "/redfish/v1/drive/insert-it";
const EJECT: &str = "/redfish/v1/drive/eject-it";

fn url() -> Secret {
    Secret::new(URL.to_owned())
}

fn media() -> assay_drivers::redfish::VirtualMedia {
    interfaces(RedfishConfig::default()).2
}

/// A BMC whose manager has a floppy drive, and a CD drive that holds `image`; `judge` may answer first.
async fn with_drive(image: Value, judge: impl Fn(&Seen) -> Option<Manner> + Send + Sync + 'static) -> Rude {
    let image = Arc::new(Mutex::new(image));
    let system = || json!({"Links": {"ManagedBy": [{"@odata.id": "/redfish/v1/Managers/bmc"}]}});
    Rude::with_system(system, move |request| {
        let mut held = image.lock().unwrap();
        Some(match (request.line.as_str(), judge(request)) {
            (_, Some(manner)) => manner,
            ("GET /redfish/v1/Managers/bmc", _) => ok(&json!({"VirtualMedia": {"@odata.id": "/redfish/v1/drives"}})),
            ("GET /redfish/v1/drives", _) => {
                ok(&json!({"Members": [{"@odata.id": "/redfish/v1/floppy"}, {"@odata.id": "/redfish/v1/drive"}]}))
            }
            ("GET /redfish/v1/floppy", _) => ok(&json!({"MediaTypes": ["Floppy", "USBStick"]})),
            ("GET /redfish/v1/drive", _) => ok(&json!({
                "MediaTypes": ["CD", "DVD"], "Image": held.clone(), "Inserted": !held.is_null(), "Actions": {
                    "#VirtualMedia.InsertMedia": {"target": INSERT}, "#VirtualMedia.EjectMedia": {"target": EJECT},
                },
            })),
            (line, _) if line.ends_with("/insert-it") => {
                *held = request.body["Image"].clone();
                status(204)
            }
            (line, _) if line.ends_with("/eject-it") => {
                *held = Value::Null;
                status(204)
            }
            _ => return None,
        })
    })
    .await
}

fn posted(bmc: &Rude) -> Vec<String> {
    bmc.seen("POST").into_iter().map(|seen| seen.line.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_disc_is_put_in_once_and_taken_out_once() {
    let bmc = with_drive(Value::Null, |_| None).await;
    let (media, task) = (media(), node_at(&bmc.address));
    for _ in 0..2 {
        media.insert(&task, &url()).await.unwrap();
    }
    assert_eq!(bmc.seen("POST")[0].body, json!({"Image": URL, "Inserted": true, "WriteProtected": true}));
    for _ in 0..2 {
        media.eject(&task, &url()).await.unwrap();
    }
    assert_eq!(posted(&bmc), ["insert-it", "eject-it"]);
}

#[tokio::test]
async fn somebody_elses_disc_makes_room_for_ours_and_is_never_taken_out_by_the_clean_up() {
    let bmc = with_drive(json!("http://elsewhere/installer.iso"), |_| None).await;
    let (media, task) = (media(), node_at(&bmc.address));
    media.eject(&task, &url()).await.unwrap();
    assert_eq!(posted(&bmc), [""; 0]);
    media.insert(&task, &url()).await.unwrap();
    assert_eq!(posted(&bmc), ["eject-it", "insert-it"]);
}

#[tokio::test]
async fn a_bmc_that_knows_only_what_the_standard_requires_gets_only_that() {
    let judge = |seen: &Seen| (!seen.body["Inserted"].is_null()).then(|| status(400));
    let bmc = with_drive(Value::Null, judge).await;
    media().insert(&node_at(&bmc.address), &url()).await.unwrap();
    assert_eq!(bmc.seen("POST")[1].body, json!({"Image": URL}));
}

#[tokio::test]
async fn s13_a_url_that_the_bmc_echoes_is_not_in_the_error() {
    let judge = |seen: &Seen| {
        let body = json!({"error": {"message": format!("{URL} can't be reached")}}).to_string();
        seen.line.starts_with("POST").then(|| Manner::Answer(400, "", body.clone()))
    };
    let bmc = with_drive(Value::Null, judge).await;
    let error = media().insert(&node_at(&bmc.address), &url()).await.unwrap_err().to_string();
    assert!(error.contains("can't be reached") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_bmc_without_a_drive_says_what_to_do() {
    let bmc = Rude::with_system(|| json!({}), |_| None).await;
    let error = media().insert(&node_at(&bmc.address), &url()).await.unwrap_err();
    assert!(matches!(error, DriverError::InvalidParameterValue(_)), "{error:?}");
    assert!(error.to_string().ends_with("no virtual drive for a CD or DVD; boot this node over the network instead"));
}
