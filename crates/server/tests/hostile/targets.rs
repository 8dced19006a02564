//! What strangers can send, each by a function that takes any bytes (promise S10): the fuzzer calls them for hours, and a test
//! with everything that was kept in `fuzz/corpus`.

use std::{io::Write as _, path::Path, time::SystemTime};

use assay::{
    boot::{dhcp::request::Request, http::range},
    config::{self, Inputs},
};
use assay_core::{
    boot::{names::BootName, tftp::packet},
    callback::parse_segments,
    hooks::{HookOptions, HookView, Pipeline},
    id::NodeId,
    inventory::Body,
    kernel::KernelParams,
    limits::{self, Limits},
    lldp,
    node::Node,
    provision::ProvisionState,
};
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

type Target = (&'static str, fn(&[u8]));

/// Every target by its name, which is also that of its folder in the corpus.
pub const TARGETS: [Target; 10] = [
    ("body", body),
    ("lldp", lldp),
    ("dhcp", dhcp),
    ("tftp", tftp),
    ("names", names),
    ("kernel", kernel),
    ("patch", patch),
    ("callback", callback),
    ("config", config),
    ("database", database),
];

/// What a ramdisk posts, through all hooks.
pub fn body(bytes: &[u8]) {
    let limits = Limits { bytes: 256 << 10, ..Limits::RAMDISK };
    let Ok(body) = Body::parse(bytes, &limits) else { return };
    let node = Node::blank(NodeId(uuid::Uuid::nil()), ProvisionState::Inspecting, SystemTime::UNIX_EPOCH.into());
    let all =
        "ramdisk-error,validate-interfaces,ports,architecture,memory,cpus,root-device,parse-lldp,local-link-connection";
    if let Ok(hooks) = Pipeline::parse(all, "") {
        hooks.run(HookView { node: &node, ports: &[] }, &body, &HookOptions::default()).ok();
    }
}

/// The TLVs of a switch, as a ramdisk reports them.
pub fn lldp(bytes: &[u8]) {
    if let Ok(Value::Array(tlvs)) = limits::parse(bytes, &Limits::RAMDISK) {
        lldp::read(&tlvs).for_each(drop);
    }
}

/// A packet to the DHCP server.
pub fn dhcp(bytes: &[u8]) {
    let _ = Request::parse(bytes);
}

/// A packet to the TFTP server, as a request and as a reply.
pub fn tftp(bytes: &[u8]) {
    packet::parse_request(bytes).ok();
    let _ = packet::parse_reply(bytes);
}

/// The name of a boot file, and a `Range` header behind a line break.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (name, asked) = text.split_once('\n').unwrap_or((&text, ""));
    let _ = BootName::parse(name);
    if let Ok(value) = HeaderValue::from_str(asked) {
        let part = range::requested(&HeaderMap::from_iter([(header::RANGE, value)]));
        let _ = part.map(|part| part.within(1 << 20));
    }
}

/// A kernel line; what is taken says the same when it is read again.
pub fn kernel(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(params) = KernelParams::parse(text) {
        let again = KernelParams::parse(&params.to_string());
        assert_eq!(again.map(|again| again.to_string()), Ok(params.to_string()));
    }
}

/// A client's JSON patch.
pub fn patch(bytes: &[u8]) {
    if let Ok(body) = limits::parse(bytes, &Limits::RAMDISK) {
        assay_wire::patch::parse(&body).ok();
    }
}

/// Run and secret in a callback's path.
pub fn callback(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (run, secret) = text.split_once('/').unwrap_or((&text, ""));
    let _ = parse_segments(run, secret);
}

/// A configuration file.
pub fn config(bytes: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(bytes).is_ok() {
        let path: &Path = file.path();
        config::load(&Inputs { files: vec![path.to_owned()], ..Inputs::default() }).ok();
    }
}

/// The URL of a database, which never shows its password.
pub fn database(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(database) = assay_store::Database::parse(&text) {
        let shown = format!("{database} {database:?}");
        assert!(!shown.contains("hunter2") || text.starts_with("sqlite:"), "{shown}");
    }
}
