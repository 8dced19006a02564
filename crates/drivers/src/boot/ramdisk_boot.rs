//! What all ways of booting kernel and ramdisk have in common: their images, their kernel line, and
//! the loader that begins.

use std::sync::Arc;

use assay_core::{
    boot::{BootChain, BootRecord, Callback, DhcpProvider},
    capabilities::check_capabilities,
    kernel::KernelParams,
    mac::MacAddress,
    power::BootMode,
};
use serde_json::Value;

use super::{BootConfig, boot_mode::boot_mode, deploy_images::DeployImages, images::ImageCache};
use crate::{
    error::DriverError,
    interface::{Property, Task},
};

/// The common part of the boot interfaces.
pub struct RamdiskBoot {
    /// How the ramdisk comes in.
    pub chain: BootChain,
    /// The configuration.
    pub config: BootConfig,
    /// Where kernels and ramdisks are brought.
    pub images: Arc<ImageCache>,
}

/// The `driver_info` keys that are read here.
pub const PROPERTIES: &[Property] = &[
    ("deploy_kernel", "URL of the ramdisk's kernel: file:///path, http or https. Goes with deploy_ramdisk."),
    ("deploy_ramdisk", "URL of the ramdisk. Goes with deploy_kernel."),
    ("deploy_kernel_checksum", "SHA-256 that the kernel must have. Optional."),
    ("deploy_ramdisk_checksum", "SHA-256 that the ramdisk must have. Optional."),
    (
        "kernel_append_params",
        "Kernel parameters in place of the configured ones, for which %default% stands. Optional.",
    ),
];

impl RamdiskBoot {
    /// Whether the node has everything but NICs.
    ///
    /// # Errors
    /// Missing or invalid parameters; an image or a loader that can't be had.
    pub async fn validate(&self, task: &Task) -> Result<(), DriverError> {
        let node = &task.node;
        check_capabilities(node).or_else(|error| invalid(error.to_string()))?;
        let given = |key| node.instance_info.get(key).is_some_and(|value: &Value| !value.is_null());
        if given("image_source") && given("boot_iso") {
            return invalid(format!("instance_info of node {} has both image_source and boot_iso", node.id));
        }
        let images = DeployImages::of(node, &self.config)?;
        for image in [&images.kernel, &images.ramdisk] {
            self.images.check(&image.href, image.checksum.as_deref()).await?;
        }
        self.check_loader(&self.draft(task, Vec::new(), &KernelParams::default())?)
    }

    /// Both images' keys in the cache, brought there.
    ///
    /// # Errors
    /// [`DriverError::Image`], missing or invalid parameters.
    pub async fn fetch(&self, task: &Task) -> Result<(String, String), DriverError> {
        let DeployImages { kernel, ramdisk } = DeployImages::of(&task.node, &self.config)?;
        let kernel = self.images.fetch(&kernel.href, kernel.checksum.as_deref());
        let ramdisk = self.images.fetch(&ramdisk.href, ramdisk.checksum.as_deref());
        futures::try_join!(kernel, ramdisk)
    }

    /// The node's record for `macs`, without images.
    ///
    /// # Errors
    /// Invalid parameters.
    pub fn draft(&self, task: &Task, macs: Vec<MacAddress>, params: &KernelParams) -> Result<BootRecord, DriverError> {
        Ok(BootRecord {
            node: task.node.id,
            macs,
            chain: self.chain,
            cpu_arch: task.node.properties.get("cpu_arch").and_then(Value::as_str).map(str::to_owned),
            boot_mode: self.boot_mode(task)?,
            kernel: String::new(),
            ramdisk: String::new(),
            params: self.append_params(task, params)?,
            callback: Callback::Own(Vec::new()),
            dhcp: DhcpProvider::Own,
            addresses: Vec::new(),
        })
    }

    /// In which mode the node's firmware boots.
    ///
    /// # Errors
    /// Invalid parameters.
    pub fn boot_mode(&self, task: &Task) -> Result<BootMode, DriverError> {
        boot_mode(&task.node, self.config.default_boot_mode)
    }

    /// The node's own parameters or the configured ones, then those of the run.
    fn append_params(&self, task: &Task, of_run: &KernelParams) -> Result<KernelParams, DriverError> {
        const KEY: &str = "kernel_append_params";
        let given = [("instance_info", &task.node.instance_info), ("driver_info", &task.node.driver_info)];
        let given = given.into_iter().find_map(|(field, info)| Some((field, info.get(KEY).filter(|v| !v.is_null())?)));
        let field = given.map_or("[pxe]", |(field, _)| field);
        let wrong = |error: assay_core::kernel::InvalidKernelParam| {
            DriverError::InvalidParameterValue(format!("{field}/{KEY} of node {}: {error}", task.node.id))
        };
        let configured = &self.config.kernel_append_params;
        let mut params = KernelParams::resolve(given.map(|(_, value)| value), configured).map_err(wrong)?;
        if self.config.debug && params.iter().chain(of_run.iter()).all(|param| param.key() != "ipa-debug") {
            params = params.with("ipa-debug", "1").map_err(wrong)?;
        }
        params.and(of_run).map_err(wrong)
    }

    /// The loader that this node begins with is there.
    fn check_loader(&self, record: &BootRecord) -> Result<(), DriverError> {
        match self.config.missing_loaders.get(self.config.loaders.first(record)) {
            Some(remedy) => invalid(format!("Node {} can't be booted: {remedy}", record.node)),
            None => Ok(()),
        }
    }
}

/// An invalid parameter, in words.
pub fn invalid<T>(text: String) -> Result<T, DriverError> {
    Err(DriverError::InvalidParameterValue(text))
}
