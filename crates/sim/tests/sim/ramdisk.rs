//! The boot chain and the post, against a listener that answers as Assay's would.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use assay_core::power::PowerState;
use assay_sim::{Callback, Hardware, Ramdisk, Stage, State};
use axum::{
    Router,
    body::Bytes,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, Uri},
};

use crate::{Bmc, SOON};

const MAC: &str = "52-54-00-00-00-00";

/// A boot listener for the first machine; its callback answers with the status in the shared
/// number, which goes down by one with each post until it is 202.
async fn listener(status: u16) -> String {
    let status = Arc::new(AtomicU16::new(status));
    let app = Router::new().fallback(serve).with_state(status);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    url
}

async fn serve(
    Shared(status): Shared<Arc<AtomicU16>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let host = headers["host"].to_str().unwrap();
    let text = match uri.path() {
        "/boot.ipxe" => "#!ipxe\n".to_owned(),
        path if path == format!("/pxelinux.cfg/{MAC}") => format!(
            "#!ipxe\nkernel http://{host}/k ipa-inspection-callback-url=http://127.0.0.1:1/v1/continue/run/secret,http://{host}/v1/continue/run/secret \
             ipa-global-request-id=req-7\ninitrd http://{host}/r\nboot\n"
        ),
        "/k" | "/r" => "image".to_owned(),
        path if path.starts_with("/v1/continue") => {
            let asked = status.load(Ordering::SeqCst);
            if asked > 500 {
                status.store(asked - 1, Ordering::SeqCst);
                return (StatusCode::from_u16(asked).unwrap(), String::new());
            }
            assert_eq!(headers["content-type"], "application/json");
            assert_eq!(headers["x-openstack-request-id"], "req-7");
            return (StatusCode::ACCEPTED, format!("{path} {}", body.len()));
        }
        _ => return (StatusCode::NOT_FOUND, String::new()),
    };
    (StatusCode::OK, text)
}

async fn boot(ramdisk: Ramdisk, status: u16, wanted: impl FnMut(&State) -> bool) -> (Bmc, State) {
    let bmc = Bmc::start(Hardware { ramdisk, ..Hardware::default() }).await;
    bmc.world.boot_from(&listener(status).await);
    bmc.boot_once(0, "Pxe").await;
    bmc.reset(0, "On").await.unwrap();
    let state = bmc.world.machine(0).wait_for("boot", SOON, wanted).await.unwrap();
    (bmc, state)
}

fn posted(state: &State) -> bool {
    state.boots[0].reached.contains(&Stage::Posted)
}

#[tokio::test]
async fn a_network_boot_goes_through_every_stage_and_posts_to_the_url_that_answers() {
    let (_bmc, state) = boot(Ramdisk::default(), 202, posted).await;
    let boot = &state.boots[0];
    assert_eq!(boot.reached, [Stage::Script, Stage::Config, Stage::Kernel, Stage::Ramdisk, Stage::Posted]);
    assert!(boot.callback.as_ref().unwrap().ends_with("/v1/continue/run/secret"));
    assert_eq!(boot.answers.len(), 1);
    assert!(boot.answers[0].body.starts_with("/v1/continue/run/secret "));
}

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let (_bmc, state) = boot(Ramdisk::default(), 502, posted).await;
    let statuses: Vec<u16> = state.boots[0].answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [502, 501, 202]);
}

#[tokio::test]
async fn a_ramdisk_can_stay_silent_post_twice_or_without_its_secret() {
    let silent = Ramdisk { posts: 0, ..Ramdisk::default() };
    let (_bmc, state) = boot(silent, 202, |state| state.boots[0].callback.is_some()).await;
    assert!(state.boots[0].answers.is_empty());

    let (_bmc, state) = boot(Ramdisk { posts: 2, ..Ramdisk::default() }, 202, |s| s.boots[0].answers.len() == 2).await;
    assert_eq!(state.boots[0].answers[0].body, state.boots[0].answers[1].body);

    let bare = Ramdisk { callback: Callback::WithoutSecret, ..Ramdisk::default() };
    let (_bmc, state) = boot(bare, 202, posted).await;
    assert!(state.boots[0].answers[0].body.starts_with("/v1/continue "));
}

#[tokio::test]
async fn power_off_ends_the_ramdisk() {
    let (bmc, _) = boot(Ramdisk { posts: u32::MAX, ..Ramdisk::default() }, 202, posted).await;
    bmc.reset(0, "ForceOff").await.unwrap();
    let posts = bmc.world.machine(0).state().boots[0].answers.len();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let state = bmc.world.machine(0).state();
    assert_eq!(state.power, PowerState::Off);
    assert_eq!(state.boots[0].answers.len(), posts);
}
