//! Accounts: sessions where there are any, basic where not, and no password in any error.

use std::sync::atomic::{AtomicUsize, Ordering};

use assay_core::power::PowerState;
use assay_drivers::interface::{ManagementInterface, PowerInterface};
use serde_json::json;

use crate::{
    bmc::system,
    impatient, node_with_account,
    rude::{Manner, Rude, Seen, ok, status},
};

const LOG_IN: &str = "POST /sessions";

fn root() -> Manner {
    ok(&json!({
        "Systems": {"@odata.id": "/redfish/v1/Systems"},
        "Links": {"Sessions": {"@odata.id": "/sessions"}},
    }))
}

/// Every log-in gets a token; only the `good` one is accepted.
async fn with_sessions(good: &'static str) -> Rude {
    let logged_in = AtomicUsize::new(0);
    Rude::with_system(
        || system("On"),
        move |request| match request.line.as_str() {
            "GET /redfish/v1/" => Some(root()),
            LOG_IN => Some(match logged_in.fetch_add(1, Ordering::SeqCst) {
                0 => Manner::Answer(201, "X-Auth-Token: first\r\n", String::new()),
                _ => Manner::Answer(201, "X-Auth-Token: second\r\n", String::new()),
            }),
            _ => (!request.headers.contains(&format!("x-auth-token: {good}"))).then(|| status(401)),
        },
    )
    .await
}

#[tokio::test]
async fn one_log_in_is_shared_by_all_calls() {
    let bmc = with_sessions("first").await;
    let (power, management) = impatient();
    let task = node_with_account(&bmc.address);
    power.get_power_state(&task).await.unwrap();
    management.get_boot_device(&task).await.unwrap();
    let log_ins = bmc.seen(LOG_IN);
    assert_eq!(log_ins.len(), 1);
    assert_eq!(log_ins[0].body, json!({"UserName": "admin", "Password": "hunter2"}));
}

#[tokio::test]
async fn a_session_that_the_bmc_forgot_is_opened_again_once() {
    let bmc = with_sessions("second").await;
    assert_eq!(impatient().0.get_power_state(&node_with_account(&bmc.address)).await, Ok(PowerState::On));
    assert_eq!(bmc.seen(LOG_IN).len(), 2);

    let hopeless = with_sessions("third").await;
    let error = impatient().0.get_power_state(&node_with_account(&hopeless.address)).await.unwrap_err();
    assert!(error.to_string().contains("HTTP 401: check redfish_username and redfish_password"), "{error}");
    assert_eq!(hopeless.seen(LOG_IN).len(), 2);
}

fn is_basic(request: &Seen) -> bool {
    // admin:hunter2
    request.headers.contains(&"authorization: Basic YWRtaW46aHVudGVyMg==".to_ascii_lowercase())
}

#[tokio::test]
async fn without_sessions_or_with_none_left_basic_is_used() {
    for refusal in [404, 503, 401] {
        let bmc = Rude::with_system(
            || system("On"),
            move |request| match request.line.as_str() {
                "GET /redfish/v1/" => Some(root()),
                LOG_IN => Some(status(refusal)),
                _ => (!is_basic(request)).then(|| status(401)),
            },
        )
        .await;
        assert_eq!(impatient().0.get_power_state(&node_with_account(&bmc.address)).await, Ok(PowerState::On));
    }
}

#[tokio::test]
async fn who_asks_for_sessions_gets_no_basic() {
    let bmc = Rude::with_system(
        || system("On"),
        |request| match request.line.as_str() {
            "GET /redfish/v1/" => Some(root()),
            LOG_IN => Some(status(404)),
            _ => None,
        },
    )
    .await;
    let mut task = node_with_account(&bmc.address);
    task.node.driver_info.insert("redfish_auth_type".to_owned(), json!("session"));
    let error = impatient().0.get_power_state(&task).await.unwrap_err();
    assert_eq!(error.to_string(), format!("Redfish BMC {}: POST /sessions: HTTP 404", bmc.address));
    assert!(bmc.seen("").iter().all(|seen| !is_basic(seen)));
}

#[tokio::test]
async fn s13_a_password_that_the_bmc_echoes_is_not_in_the_error() {
    let bmc = Rude::start(|_| {
        let body = json!({"error": {"message": "admin may not log in with hunter2"}});
        Manner::Answer(403, "", body.to_string())
    })
    .await;
    let error = impatient().0.get_power_state(&node_with_account(&bmc.address)).await.unwrap_err();
    assert!(error.to_string().ends_with("HTTP 403: admin may not log in with ******"), "{error}");
}
