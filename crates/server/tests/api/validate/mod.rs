//! What `GET /v1/nodes/{id}/validate` says, by the real conductor and the real interfaces: a row for
//! each reason why a node can't be inspected, or not with a boot that is managed.

mod case;
mod network;

use assay::boot::loaders::MissingLoader;
use assay_core::boot::BootChain;
use serde_json::json;

use case::{UNMANAGED, each, href};

fn missing(loader: &str) -> MissingLoader {
    let name = || loader.to_owned();
    MissingLoader { chain: BootChain::Ipxe, told: name(), name: name(), package: Some("ipxe") }
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
            |case| case.missing.push(missing("snponly.efi")),
            "inspect",
            false,
            "Node NODE can't be booted: boot loader snponly.efi was not found (Debian package ipxe)",
        ),
        (|case| case.missing.push(missing("undionly.kpxe")), "inspect", true, "boot will be managed by the conductor"),
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
