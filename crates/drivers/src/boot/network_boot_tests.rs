//! The boot interfaces over the network, from validation to clean-up.

use std::{fs, path::Path, sync::Arc, time::Duration};

use assay_core::{
    boot::BootChain,
    power::{BootDevice, BootMode},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    boot::{
        BootConfig,
        deploy_images::DeployImages,
        images::{ImageCache, ImageCacheConfig},
    },
    testing::task,
    verify_ca::VerifyCa,
};

/// An interface whose images are in `folder`.
fn ipxe(folder: &Path) -> NetworkBoot {
    let path = |name: &str| Some(format!("file://{}/{name}", folder.display()));
    for name in ["kernel", "ramdisk"] {
        fs::write(folder.join(name), name).unwrap();
    }
    let images = ImageCacheConfig {
        folder: folder.join("cache"),
        limit: 1 << 20,
        allowed_paths: vec![folder.to_owned()],
        verify_ca: VerifyCa::System,
        idle_timeout: Duration::from_secs(1),
        fetch_timeout: Duration::from_secs(1),
        keep: Duration::ZERO,
    };
    let config = BootConfig { deploy_kernel: path("kernel"), deploy_ramdisk: path("ramdisk"), ..BootConfig::default() };
    NetworkBoot(RamdiskBoot { chain: BootChain::Ipxe, config, images: Arc::new(ImageCache::open(images).unwrap()) })
}

/// Which kind of error a row of the table ends with.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Fine,
    FallBack,
    Invalid,
}

async fn validate(ipxe: &NetworkBoot, task: &Task) -> (Kind, String) {
    match ipxe.validate_inspection(task).await {
        Ok(()) => (Kind::Fine, String::new()),
        Err(DriverError::UnsupportedDriverExtension(text)) => (Kind::FallBack, text),
        Err(DriverError::InvalidParameterValue(text)) => (Kind::Invalid, text),
        Err(other) => panic!("{other:?}"),
    }
}

type Change = fn(&mut Task, &mut BootConfig);

fn set(map: &mut serde_json::Map<String, Value>, key: &str, value: Value) {
    map.insert(key.to_owned(), value);
}

/// Each change alone, made to a node that is fine, must be answered with this kind and text.
async fn each(rows: &[(Change, Kind, &str)]) {
    for (change, kind, text) in rows {
        let folder = tempfile::tempdir().unwrap();
        let (mut ipxe, mut task) = (ipxe(folder.path()), task("redfish"));
        change(&mut task, &mut ipxe.0.config);
        let (seen, reason) = validate(&ipxe, &task).await;
        assert!(seen == *kind && reason.contains(text), "{seen:?} {reason} instead of {kind:?} {text}");
    }
}

#[tokio::test]
async fn what_is_absent_is_a_reason_to_fall_back() {
    each(&[
        (|_, _| {}, Kind::Fine, ""),
        (
            |task, _| task.ports.clear(),
            Kind::FallBack,
            "Insufficient information provided for managed inspection: Node 00000000-0000-0000-0000-000000000007 does \
             not have any port associated with it",
        ),
        (
            |_, config| (config.deploy_kernel, config.deploy_ramdisk) = (None, None),
            Kind::FallBack,
            "Insufficient information provided for managed inspection: Node 00000000-0000-0000-0000-000000000007 \
             failed to validate deploy image info. Some parameters were missing. Missing are: ['deploy_kernel', \
             'deploy_ramdisk']",
        ),
        (
            |task, _| set(&mut task.node.driver_info, "deploy_kernel", json!("http://h/k")),
            Kind::FallBack,
            "Missing are: ['deploy_ramdisk']",
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_the_node_is_never_a_reason_to_fall_back() {
    each(&[
        (|task, _| task.ports[0].pxe_enabled = false, Kind::Invalid, "No available PXE-enabled ports on node"),
        (
            |task, _| set(&mut task.node.properties, "capabilities", json!("boot_mode:efi")),
            Kind::Invalid,
            "The parameter 'boot_mode' from properties/capabilities has an invalid value: 'efi'",
        ),
        (
            |task, _| {
                set(&mut task.node.instance_info, "image_source", json!("a"));
                set(&mut task.node.instance_info, "boot_iso", json!("b"));
            },
            Kind::Invalid,
            "has both image_source and boot_iso",
        ),
        (
            |task, _| {
                set(&mut task.node.instance_info, "deploy_boot_mode", json!("bios"));
                set(&mut task.node.properties, "capabilities", json!("boot_mode:uefi"));
            },
            Kind::Invalid,
            "has boot_mode uefi in properties/capabilities, and its instance_info asks for bios",
        ),
        (
            |task, _| set(&mut task.node.driver_info, "kernel_append_params", json!("a\nb")),
            Kind::Invalid,
            "driver_info/kernel_append_params of node 00000000-0000-0000-0000-000000000007: ",
        ),
        (
            |_, config| config.kernel_append_params = "x".repeat(3000),
            Kind::Invalid,
            "[pxe]/kernel_append_params of node",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_image_or_loader_that_cannot_be_had_is_named() {
    each(&[
        (
            |_, config| config.deploy_kernel = Some("file:///nowhere/kernel".to_owned()),
            Kind::Invalid,
            "image file:///nowhere/kernel: No such file or directory",
        ),
        (
            |_, config| config.deploy_kernel = Some("b5c0e1a2".to_owned()),
            Kind::Invalid,
            "neither file:///path nor an http or https URL",
        ),
        (
            |task, _| set(&mut task.node.driver_info, "deploy_kernel_checksum", json!("md5")),
            Kind::Invalid,
            "image checksum \"md5\" is not a SHA-256",
        ),
        (
            |_, config| drop(config.missing_loaders.insert("snponly.efi".to_owned(), "install ipxe".to_owned())),
            Kind::Invalid,
            "Node 00000000-0000-0000-0000-000000000007 can't be booted: install ipxe",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_missing_loader_matters_only_to_nodes_that_need_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ipxe, mut task) = (ipxe(folder.path()), task("redfish"));
    ipxe.0.config.missing_loaders.insert("undionly.kpxe".to_owned(), "install ipxe".to_owned());
    assert_eq!(validate(&ipxe, &task).await.0, Kind::Fine);
    task.node.properties.insert("capabilities".to_owned(), json!("boot_mode:bios"));
    assert_eq!(validate(&ipxe, &task).await.0, Kind::Invalid);
    let mut pxe = NetworkBoot(RamdiskBoot { chain: BootChain::Pxe, ..ipxe.0 });
    assert_eq!(validate(&pxe, &task).await.0, Kind::Fine);
    pxe.0.config.missing_loaders.insert("pxelinux.0".to_owned(), "install pxelinux".to_owned());
    let (kind, reason) = validate(&pxe, &task).await;
    assert!(kind == Kind::Invalid && reason.ends_with("can't be booted: install pxelinux"), "{reason}");
}

#[tokio::test]
async fn the_record_names_cached_images_and_all_parameters_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ipxe, mut task) = (ipxe(folder.path()), task("redfish"));
    ipxe.0.config.debug = true;
    task.node.driver_info.insert("kernel_append_params".to_owned(), json!("console=ttyS0 %default%"));
    task.node.properties.insert("cpu_arch".to_owned(), json!("x86_64"));
    task.node.boot_mode = Some(BootMode::Bios);
    let record = ipxe.prepare_ramdisk(&task, &KernelParams::parse("ipa-collect-lldp=1").unwrap()).await.unwrap();
    assert_eq!(record.params.to_string(), "console=ttyS0 nofb vga=normal ipa-debug=1 ipa-collect-lldp=1");
    assert_eq!((record.chain, record.boot_mode), (BootChain::Ipxe, BootMode::Bios));
    assert_eq!(record.cpu_arch.as_deref(), Some("x86_64"));
    assert_eq!(record.macs, task.boot_macs());
    let read = |key: &str| fs::read_to_string(ipxe.0.images.path(key).unwrap()).unwrap();
    assert_eq!((read(&record.kernel).as_str(), read(&record.ramdisk).as_str()), ("kernel", "ramdisk"));
}

#[tokio::test]
async fn images_of_the_nodes_architecture_go_before_those_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ipxe, mut task) = (ipxe(folder.path()), task("redfish"));
    let arm = |name: &str| [("aarch64".to_owned(), format!("http://h/{name}"))].into();
    ipxe.0.config.deploy_kernel_by_arch = arm("k");
    ipxe.0.config.deploy_ramdisk_by_arch = arm("r");
    let kernel = |task: &Task| DeployImages::of(&task.node, &ipxe.0.config).unwrap().kernel.href;
    assert!(kernel(&task).starts_with("file://"));
    task.node.properties.insert("cpu_arch".to_owned(), json!("aarch64"));
    assert_eq!(kernel(&task), "http://h/k");
    task.node.driver_info.insert("deploy_kernel".to_owned(), json!("http://own/k"));
    task.node.driver_info.insert("deploy_ramdisk".to_owned(), json!("http://own/r"));
    assert_eq!(kernel(&task), "http://own/k");
}

#[tokio::test]
async fn a_kernel_that_is_missing_is_said_when_images_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let ipxe = ipxe(folder.path());
    let task = task("redfish");
    ipxe.check_images(&task).await.unwrap();
    fs::remove_file(folder.path().join("kernel")).unwrap();
    let error = ipxe.check_images(&task).await.unwrap_err().to_string();
    assert!(error.contains("/kernel: No such file or directory"), "{error}");
}

#[tokio::test]
async fn http_boot_is_uefis_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut boot = ipxe(folder.path());
    assert_eq!(boot.boot_device(), Some(BootDevice::Pxe));
    boot.0.chain = BootChain::HttpIpxe;
    assert_eq!(boot.boot_device(), Some(BootDevice::UefiHttp));
    let mut task = task("redfish");
    boot.validate(&task).await.unwrap();
    task.node.boot_mode = Some(BootMode::Bios);
    let refusal = boot.validate(&task).await.unwrap_err().to_string();
    assert!(refusal.contains("boots in BIOS mode, which has no HTTP boot"), "{refusal}");
}
