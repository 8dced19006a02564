//! "No file is needed to start": defaults that depend on other options or on this machine.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    os::unix::fs::MetadataExt,
    path::Path,
    time::Duration,
};

use super::{Config, groups::service::AuthStrategy, sources::Sources};

/// What `inspect_wait_timeout = 0` means: every wait has a deadline.
const LONGEST_INSPECTION: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that one call to a BMC may take: a claim outlasts it.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// Gives options that nobody has set the default that fits this machine and the other options.
pub fn suggest(sources: &mut Sources) {
    if let Some(host) = host_name() {
        sources.suggest("DEFAULT", "host", &host, "this machine's name");
    }
    sources.suggest("DEFAULT", "my_ip", &own_address().to_string(), "the address from which others are reached");
    if let Some(path) = home_state_path() {
        sources.suggest("DEFAULT", "state_path", &path, "not started as root");
    }
    if sources.given("keystone_authtoken", "auth_url").is_some() {
        sources.suggest("DEFAULT", "auth_strategy", "keystone", "[keystone_authtoken] has an auth_url");
    }
    if sources.get("DEFAULT", "auth_strategy").is_some_and(|entry| entry.text == "noauth") {
        sources.suggest("api", "host_ip", "127.0.0.1", "auth_strategy is noauth");
    }
    let enabled = sources.given("DEFAULT", "enabled_inspect_interfaces").map(|entry| entry.text.contains("inspector"));
    if reaches(sources, "inspector") && enabled != Some(false) {
        let why = "[inspector] has auth_type or endpoint_override";
        sources.suggest("DEFAULT", "default_inspect_interface", "inspector", why);
    }
    let enabled = sources.given("DEFAULT", "enabled_network_interfaces").map(|entry| entry.text.contains("flat"));
    if reaches(sources, "neutron") && enabled != Some(false) {
        let why = "[neutron] has auth_type or endpoint_override";
        sources.suggest("DEFAULT", "default_network_interface", "flat", why);
    }
    sources.suggest("DEFAULT", "pybasedir", "$state_path", "only there so that other options can refer to it");
}

/// Corrects values that can't be meant as they stand; one line for each thing to know.
pub fn settle(config: &mut Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.conductor.inspect_wait_timeout.is_zero() {
        config.conductor.inspect_wait_timeout = LONGEST_INSPECTION;
        warnings.push("[conductor] inspect_wait_timeout = 0: no wait is endless here, it is taken as 24 hours".into());
    }
    if config.inspector.status_check_period.is_zero() {
        warnings.push(
            "[inspector] status_check_period = 0: an external introspection service is never asked, so its inspections \
             end by their deadline"
                .into(),
        );
    }
    if config.inspector_service.timeout.is_zero() {
        config.inspector_service.timeout = LONGEST_INSPECTION;
        warnings.push("[inspector_service] timeout = 0: no wait is endless here, it is taken as 24 hours".into());
    }
    if config.redfish.read_timeout > LONGEST_CALL {
        config.redfish.read_timeout = LONGEST_CALL;
        warnings.push("[redfish] read_timeout: one call has to end before a claim does, it is taken as 30".into());
    }
    if config.ipmi.command_retry_timeout > LONGEST_CALL {
        config.ipmi.command_retry_timeout = LONGEST_CALL;
        warnings
            .push("[ipmi] command_retry_timeout: one call has to end before a claim does, it is taken as 30".into());
    }
    if config.general.auth_strategy == AuthStrategy::Noauth {
        let reach =
            if config.api.host_ip.is_loopback() { "programs on this machine" } else { "everybody on its network" };
        warnings.push(format!(
            "[DEFAULT] auth_strategy = noauth: {reach} can do everything at {}:{}",
            config.api.host_ip, config.api.port
        ));
    }
    warnings
}

/// Whether the group says how its service is reached.
fn reaches(sources: &Sources, group: &str) -> bool {
    let auth_type = sources.given(group, "auth_type");
    sources.given(group, "endpoint_override").is_some() || auth_type.is_some_and(|entry| entry.text != "none")
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The source address of packets to elsewhere, found without sending one.
fn own_address() -> IpAddr {
    let elsewhere = (Ipv4Addr::new(192, 0, 2, 1), 9);
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect(elsewhere).and_then(|()| socket.local_addr()))
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip())
}

/// Where an ordinary user keeps state; `None` for root, and where the system's folder is there.
fn home_state_path() -> Option<String> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if is_root || Path::new("/var/lib/assay").exists() {
        return None;
    }
    let home = std::env::var("HOME").ok()?;
    Some(format!("{home}/.local/state/assay"))
}
