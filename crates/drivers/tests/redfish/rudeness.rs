//! BMCs that are slow, rude, lying or gone: bounded, and the error says which and what was asked.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use assay_core::power::{PowerState, PowerTarget};
use assay_drivers::{
    DriverError,
    interface::{ManagementInterface, PowerInterface},
};
use serde_json::json;

use crate::{
    bmc::{RESET, SYSTEM, system},
    impatient, node_at,
    rude::{Manner, Rude, ok, status},
};

/// What reading the power state ends with, which must be soon.
async fn read_from(address: &str) -> DriverError {
    let start = Instant::now();
    let mut task = node_at(address);
    task.node.driver_info.insert("redfish_system_id".to_owned(), json!(SYSTEM));
    let error = impatient().0.get_power_state(&task).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(!error.maybe_happened(), "a read changes nothing");
    error
}

#[tokio::test]
async fn each_kind_of_rudeness_has_its_sentence() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (manner, why) in [
        ((|| Manner::Silence) as fn() -> Manner, "no answer in time"),
        (|| Manner::Cut, "the connection broke: "),
        (|| Manner::Flood, "the answer is larger than 2097152 bytes"),
        (|| Manner::Answer(200, "Content-Type: text/html\r\n", "<html>Log in</html>".to_owned()), "is not JSON: "),
        (|| Manner::Answer(200, "", "[]".to_owned()), "the answer is not a JSON object"),
        (|| Manner::Answer(200, "", String::new()), "the answer is not a JSON object"),
        (
            || Manner::Answer(302, "Location: http://192.0.2.1/\r\n", String::new()),
            "HTTP 302: a redirect, which is not",
        ),
        (|| Manner::Answer(404, "", "<html>".to_owned()), "HTTP 404"),
        (|| ok(&json!({})), "no PowerState"),
        (|| ok(&json!({"PowerState": 5})), "no PowerState"),
        (|| ok(&json!({"PowerState": "Sleepy"})), "unknown PowerState \"Sleepy\""),
    ] {
        let bmc = Rude::start(move |_| manner()).await;
        let text = read_from(&bmc.address).await.to_string();
        assert!(text.starts_with(&format!("Redfish BMC {}: GET {SYSTEM}: ", bmc.address)), "{text}");
        assert!(text.contains(why), "{text} for {why}");
    }
    let bmc = Rude::start(move |_| Manner::Answer(200, "", deep.clone())).await;
    assert!(read_from(&bmc.address).await.to_string().contains("recursion limit exceeded"));
}

#[tokio::test]
async fn a_bmc_that_is_gone_is_named() {
    let text = read_from("http://127.0.0.1:9").await.to_string();
    assert!(text.starts_with("Redfish BMC http://127.0.0.1:9: GET /redfish/v1/Systems/1: cannot connect: "), "{text}");
    assert!(text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let other = Rude::start(|_| ok(&system("On"))).await;
    let elsewhere = format!("{}/redfish/v1/Systems/1", other.address);
    for link in [elsewhere.clone(), elsewhere.replace("http:", ""), "file:///etc/passwd".to_owned()] {
        let members = json!({"Members": [{"@odata.id": link}]});
        let bmc = Rude::with_system(
            || system("On"),
            move |request| (request.line == "GET /redfish/v1/Systems").then(|| ok(&members)),
        )
        .await;
        let error = impatient().0.get_power_state(&node_at(&bmc.address)).await.unwrap_err();
        assert!(error.to_string().ends_with("a link to another host is not followed"), "{error}");
    }
    assert_eq!(other.seen("").len(), 0);
}

#[tokio::test]
async fn a_read_is_repeated_but_a_write_never() {
    let asked = AtomicUsize::new(0);
    let bmc = Rude::with_system(
        || system("Off"),
        move |request| match request.line.as_str() {
            RESET => Some(status(503)),
            "GET /redfish/v1/Systems/1" if asked.fetch_add(1, Ordering::SeqCst) == 0 => Some(status(503)),
            _ => None,
        },
    )
    .await;
    let (power, _) = impatient();
    let task = node_at(&bmc.address);
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::Off));
    let error = power.set_power_state(&task, PowerTarget::On, None).await.unwrap_err();
    assert_eq!(bmc.seen("POST").len(), 1);
    assert!(error.maybe_happened(), "a 503 may come after the deed");
}

#[tokio::test]
async fn a_write_without_an_answer_is_in_doubt() {
    for manner in [(|| Manner::Silence) as fn() -> Manner, || Manner::Answer(500, "", String::new())] {
        let bmc = Rude::with_system(|| system("Off"), move |request| (request.line == RESET).then(manner)).await;
        let error = impatient().0.set_power_state(&node_at(&bmc.address), PowerTarget::On, None).await.unwrap_err();
        assert!(error.maybe_happened(), "{error}");
        assert!(error.to_string().contains(&format!("Redfish BMC {}: {RESET}: ", bmc.address)), "{error}");
        assert_eq!(bmc.seen("POST").len(), 1);
    }
}

#[tokio::test]
async fn of_several_systems_the_operator_must_choose() {
    let members = json!({"Members": [{"@odata.id": "/redfish/v1/Systems/1"}, {"@odata.id": "/redfish/v1/Systems/2"}]});
    let bmc = Rude::with_system(
        || system("On"),
        move |request| (request.line == "GET /redfish/v1/Systems").then(|| ok(&members)),
    )
    .await;
    let error = impatient().0.get_power_state(&node_at(&bmc.address)).await.unwrap_err();
    assert!(matches!(error, DriverError::InvalidParameterValue(_)));
    let ending = "2 systems: set redfish_system_id to one of /redfish/v1/Systems/1, /redfish/v1/Systems/2";
    assert!(error.to_string().ends_with(ending), "{error}");
}

#[tokio::test]
async fn a_bmc_that_leaves_out_nearly_everything_is_borne() {
    let bmc = Rude::with_system(|| json!({"PowerState": "On"}), |_| None).await;
    let (power, management) = impatient();
    let task = node_at(&bmc.address);
    assert_eq!(power.get_power_state(&task).await, Ok(PowerState::On));
    assert_eq!(management.get_boot_device(&task).await.unwrap().device, None);
    assert_eq!(management.get_boot_mode(&task).await, Ok(None));
    let no_nics = management.get_mac_addresses(&task).await;
    assert_eq!(no_nics, Err(DriverError::unsupported("redfish", "get_mac_addresses")));
    let error = power.set_power_state(&task, PowerTarget::Off, None).await.unwrap_err();
    assert!(error.to_string().ends_with("GET /redfish/v1/Systems/1: no action to reset the system"), "{error}");
}
