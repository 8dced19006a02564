//! What `GET /v1/nodes/{id}/validate` says, by the real conductor and the real interfaces: a row for
//! each reason why a node can't be inspected, or not with a boot that is managed.

use std::{fs, path::Path, sync::Arc};

use assay::{
    api::{self, Auth},
    boot::loaders::MissingLoader,
    conductor::{Conductor, Parts},
    config::{self, Inputs},
    parts,
};
use assay_core::{id::NodeId, provision::ProvisionState};
use assay_drivers::boot::images::ImageCache;
use assay_store::{
    Store,
    nodes::{self, Guard},
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::service::{Answer, request, send};

/// A node that is fine, and the service around it; each row changes something.
struct Case {
    folder: TempDir,
    /// `OS_<GROUP>__<OPTION>` and value.
    options: Vec<(&'static str, String)>,
    /// What `POST /v1/nodes` takes.
    node: Value,
    ports: Vec<Value>,
    missing: Vec<MissingLoader>,
}

type Change = fn(&mut Case);

/// A change, the interface that has something to say to it, its result, and what its reason has in
/// it; empty: no reason.
type Row = (Change, &'static str, bool, &'static str);

const UNMANAGED: Change = |case| case.set("OS_INSPECTOR__REQUIRE_MANAGED_BOOT", "False");

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["state/images/kernel", "state/images/ramdisk", "elsewhere/kernel"] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "image").unwrap();
        }
        let node = json!({
            "driver": "redfish",
            "driver_info": {
                "redfish_address": "http://127.0.0.1:1",
                "deploy_kernel": href(folder.path(), "state/images/kernel"),
                "deploy_ramdisk": href(folder.path(), "state/images/ramdisk"),
            },
            "properties": {},
            "instance_info": {},
        });
        let ports = vec![json!({"address": "52:54:00:00:00:01"})];
        Self { folder, options: Vec::new(), node, ports, missing: Vec::new() }
    }

    fn set(&mut self, option: &'static str, value: &str) {
        self.options.push((option, value.to_owned()));
    }

    fn info(&mut self, key: &str, value: Value) {
        self.node["driver_info"][key] = value;
    }

    fn no_info(&mut self, keys: &[&str]) {
        let info = self.node["driver_info"].as_object_mut().unwrap();
        info.retain(|key, _| !keys.contains(&key.as_str()));
    }

    fn fake(&mut self, boot: &str) {
        self.node["driver"] = json!("fake-hardware");
        self.node["inspect_interface"] = json!("agent");
        self.node["boot_interface"] = json!(boot);
    }

    /// The service with this node in `manageable`.
    async fn start(self) -> Started {
        let state = self.folder.path().join("state");
        let own = [
            ("OS_ASSAY__STATE_PATH", state.display().to_string()),
            ("OS_ASSAY__BOOT_ADDRESS", "127.0.0.1".to_owned()),
            ("OS_DEFAULT__HOST", "conductor-1".to_owned()),
        ];
        let variables = own.into_iter().chain(self.options).map(|(name, value)| (name.to_owned(), value)).collect();
        let config = config::load(&Inputs { variables, ..Inputs::default() }).unwrap().config;
        let store = Store::open(&config.database.connection.path, &config.assay.key_file).await.unwrap();
        let images = Arc::new(ImageCache::open(parts::images(&config)).unwrap());
        let registry = Arc::new(parts::registry(&config, images, &self.missing).unwrap().0);
        let conductor = Conductor::new(Parts {
            store: store.clone(),
            registry: Arc::clone(&registry),
            image_path: Box::new(|_| None),
            config: (&config).into(),
        });
        let router = api::router(parts::api(&config, Auth::Noauth, &store, &conductor, registry));
        let mut started = Started { router, node: String::new(), _folder: self.folder };
        let created = started.ask("POST", "/v1/nodes", &self.node).await;
        started.node = created.body["uuid"].as_str().unwrap_or_else(|| panic!("{created:?}")).to_owned();
        for mut port in self.ports {
            port["node_uuid"] = json!(started.node);
            let created = started.ask("POST", "/v1/ports", &port).await;
            assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        }
        make_manageable(&store, started.node.parse().unwrap()).await;
        started
    }
}

fn href(folder: &Path, file: &str) -> String {
    format!("file://{}", folder.join(file).display())
}

async fn make_manageable(store: &Store, id: NodeId) {
    let made = store.write(move |tx| {
        Box::pin(async move {
            let mut row = nodes::get(tx, id).await?;
            row.node.provision_state = ProvisionState::Manageable;
            nodes::update(tx, &row.node, Guard::Unreserved { version: row.version }).await
        })
    });
    made.await.unwrap();
}

struct Started {
    router: axum::Router,
    node: String,
    _folder: TempDir,
}

impl Started {
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(&self.router, request(method, path, "latest", body)).await
    }

    async fn validate(&self) -> Value {
        self.ask("GET", &format!("/v1/nodes/{}/validate", self.node), &Value::Null).await.body
    }

    /// Asks for an inspection; the node must still be `manageable` after a refusal.
    async fn refusal(&self) -> String {
        let path = format!("/v1/nodes/{}", self.node);
        let answer = self.ask("PUT", &format!("{path}/states/provision"), &json!({"target": "inspect"})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(self.ask("GET", &path, &Value::Null).await.body["provision_state"], "manageable");
        answer.refusal()
    }
}

/// Each row must be answered with its result and reason; what refuses an inspection must be said by
/// the verb as well.
async fn each(rows: &[Row]) {
    for (at, (change, interface, result, reason)) in rows.iter().enumerate() {
        let mut case = Case::new();
        change(&mut case);
        let started = case.start().await;
        let answer = &started.validate().await[interface];
        let told = answer["reason"].as_str().unwrap_or_default();
        let expected = reason.replace("NODE", &started.node);
        assert_eq!(answer["result"], *result, "row {at}: {answer}");
        assert!(told.contains(&expected) && told.is_empty() == expected.is_empty(), "row {at}: {told:?}");
        if !result && ["inspect", "power"].contains(interface) {
            assert_eq!(started.refusal().await, told, "row {at}");
        }
    }
}

#[tokio::test]
async fn a_node_that_is_fine_is_managed_and_told_that_noop_isolates_nothing() {
    each(&[
        (|_| {}, "inspect", true, "boot will be managed by the conductor"),
        (|_| {}, "network", true, "noop isolates nothing: the NICs stay on the network that they are on"),
        (|_| {}, "boot", true, ""),
        (|_| {}, "power", true, ""),
        (|_| {}, "management", true, ""),
        (|_| {}, "deploy", true, ""),
        (|_| {}, "storage", true, ""),
        (|_| {}, "console", false, "Driver redfish does not support console (disabled or not implemented)."),
    ])
    .await;
}

#[tokio::test]
async fn a_boot_interface_that_cannot_be_managed_is_a_refusal_or_a_fallback() {
    const UNSUPPORTED: &str =
        "Driver fake-hardware does not support validate_inspection (disabled or not implemented).";
    each(&[
        (|case| case.fake("fake"), "boot", true, UNSUPPORTED),
        (|case| case.fake("fake"), "inspect", false, UNSUPPORTED),
        (
            |case| {
                case.fake("fake");
                UNMANAGED(case);
            },
            "inspect",
            true,
            "unmanaged: Driver fake-hardware does not support validate_inspection (disabled or not implemented).",
        ),
        (
            |case| {
                case.fake("fake-managed");
                case.set("OS_DEFAULT__ENABLED_BOOT_INTERFACES", "fake-managed");
            },
            "inspect",
            true,
            "boot will be managed by the conductor",
        ),
        (
            |case| case.node["inspect_interface"] = json!("no-inspect"),
            "inspect",
            false,
            "Driver redfish does not support inspect (disabled or not implemented).",
        ),
        (
            |case| {
                case.fake("fake");
                case.node["inspect_interface"] = json!("fake");
            },
            "inspect",
            true,
            "",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_node_without_ports_waits_for_those_of_the_bmc_or_cannot_be_managed() {
    const NO_PORTS: &str = "Insufficient information provided for managed inspection: Node NODE does not have any port \
                            associated with it";
    each(&[
        (|case| case.ports.clear(), "inspect", true, "ports will be read from the BMC"),
        (|case| case.ports.clear(), "boot", false, "Node NODE does not have any port associated with it"),
        (
            |case| {
                case.ports.clear();
                case.set("OS_INSPECTOR__PRE_CREATE_PORTS", "False");
            },
            "inspect",
            false,
            NO_PORTS,
        ),
        (
            |case| {
                case.ports.clear();
                case.node["management_interface"] = json!("noop");
            },
            "inspect",
            false,
            NO_PORTS,
        ),
        (
            |case| {
                case.ports.clear();
                case.set("OS_INSPECTOR__PRE_CREATE_PORTS", "False");
                UNMANAGED(case);
            },
            "inspect",
            true,
            "unmanaged: Insufficient information provided for managed inspection: Node NODE does not have any port",
        ),
        (
            |case| {
                case.ports.clear();
                case.info("deploy_kernel", json!("file:///nowhere/kernel"));
            },
            "inspect",
            false,
            "image file:///nowhere/kernel: No such file or directory",
        ),
        (
            |case| case.ports[0]["pxe_enabled"] = json!(false),
            "inspect",
            false,
            "No available PXE-enabled ports on node NODE.",
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_the_node_says_of_itself_must_make_sense() {
    each(&[
        (
            |case| case.node["properties"]["capabilities"] = json!("boot_mode"),
            "inspect",
            false,
            "Malformed capabilities value: boot_mode",
        ),
        (
            |case| case.node["properties"]["capabilities"] = json!({"boot_mode": "uefi"}),
            "boot",
            false,
            "Value of 'capabilities' must be string.",
        ),
        (
            |case| case.node["properties"]["capabilities"] = json!("secure_boot:perhaps"),
            "inspect",
            false,
            "The parameter 'secure_boot' from properties/capabilities has an invalid value: 'perhaps'.",
        ),
        (
            |case| {
                case.node["properties"]["capabilities"] = json!("boot_mode:efi");
                UNMANAGED(case);
            },
            "inspect",
            true,
            "the inspection would fail: The parameter 'boot_mode' from properties/capabilities has an invalid value",
        ),
        (
            |case| case.node["instance_info"] = json!({"image_source": "a", "boot_iso": "b"}),
            "inspect",
            false,
            "instance_info of node NODE has both image_source and boot_iso",
        ),
        (
            |case| case.no_info(&["redfish_address"]),
            "power",
            false,
            "Missing the following Redfish properties in node NODE driver_info: redfish_address",
        ),
        (
            |case| case.no_info(&["redfish_address"]),
            "management",
            false,
            "Missing the following Redfish properties in node NODE driver_info: redfish_address",
        ),
        (
            |case| case.info("redfish_address", json!("ftp://bmc")),
            "power",
            false,
            "Invalid value \"ftp://bmc\" set in driver_info/redfish_address on node NODE.",
        ),
    ])
    .await;
}

#[tokio::test]
async fn images_and_loaders_that_are_missing_are_named() {
    const MISSING: &str = "Insufficient information provided for managed inspection: Node NODE failed to validate \
                           deploy image info. Some parameters were missing. Missing are: ";
    const BOTH: &str = "Missing are: ['deploy_kernel', 'deploy_ramdisk']";
    each(&[
        (|case| case.no_info(&["deploy_kernel", "deploy_ramdisk"]), "inspect", false, MISSING),
        (|case| case.no_info(&["deploy_kernel", "deploy_ramdisk"]), "boot", false, BOTH),
        (|case| case.no_info(&["deploy_ramdisk"]), "inspect", false, "Missing are: ['deploy_ramdisk']"),
        (
            |case| {
                case.no_info(&["deploy_kernel", "deploy_ramdisk"]);
                case.node["properties"]["cpu_arch"] = json!("x86_64");
                case.set("OS_CONDUCTOR__DEPLOY_KERNEL_BY_ARCH", "x86_64:http://127.0.0.1:1/k");
                case.set("OS_CONDUCTOR__DEPLOY_RAMDISK_BY_ARCH", "x86_64:http://127.0.0.1:1/r");
            },
            "inspect",
            true,
            "boot will be managed by the conductor",
        ),
        (
            |case| case.info("deploy_kernel", json!("file:///nowhere/kernel")),
            "inspect",
            false,
            "image file:///nowhere/kernel: No such file or directory",
        ),
        (
            |case| case.info("deploy_kernel", json!(href(case.folder.path(), "elsewhere/kernel"))),
            "inspect",
            false,
            "is in no folder of [conductor]file_url_allowed_paths",
        ),
        (
            |case| case.info("deploy_kernel", json!("b5c0e1a2")),
            "inspect",
            false,
            "neither file:///path nor an http or https URL",
        ),
        (
            |case| case.missing.push(MissingLoader { name: "snponly.efi".to_owned(), package: Some("ipxe") }),
            "inspect",
            false,
            "Node NODE can't be booted: boot loader snponly.efi was not found (Debian package ipxe)",
        ),
        (
            |case| case.missing.push(MissingLoader { name: "undionly.kpxe".to_owned(), package: Some("ipxe") }),
            "inspect",
            true,
            "boot will be managed by the conductor",
        ),
    ])
    .await;
}

#[tokio::test]
async fn kernel_parameters_that_cannot_be_taken_literally_or_do_not_fit_are_refused() {
    const KEY: &str = "inspector_extra_kernel_params";
    each(&[
        (
            |case| case.info(KEY, json!(5)),
            "inspect",
            false,
            "driver_info/inspector_extra_kernel_params: kernel parameters must be a string, not 5",
        ),
        (|case| case.info(KEY, json!("a=\"b")), "inspect", false, "have a quote that is never closed"),
        (|case| case.info(KEY, json!("a=1\nboot")), "inspect", false, "must be written as key=value or as a bare flag"),
        (|case| case.info(KEY, json!("a=${net0/mac}")), "inspect", false, "has a ${, which iPXE would expand"),
        (
            |case| {
                case.info(KEY, json!("a=\"b"));
                UNMANAGED(case);
            },
            "inspect",
            false,
            "driver_info/inspector_extra_kernel_params: kernel parameters",
        ),
        (
            |case| case.info("kernel_append_params", json!("console=\"ttyS0")),
            "boot",
            false,
            "driver_info/kernel_append_params of node NODE: kernel parameters",
        ),
        (
            |case| case.info(KEY, json!(format!("a={}", "x".repeat(1950)))),
            "inspect",
            false,
            "Node NODE can't be booted: the kernel line is 2",
        ),
        (|case| case.info(KEY, json!("%default% b=2")), "inspect", true, "boot will be managed by the conductor"),
    ])
    .await;
}
