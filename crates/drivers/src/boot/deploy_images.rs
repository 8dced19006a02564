//! Which kernel and ramdisk a node boots.

use assay_core::node::Node;
use serde_json::Value;

use super::BootConfig;
use crate::error::DriverError;

/// A kernel or ramdisk, as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// Where it is.
    pub href: String,
    /// The SHA-256 that it must have.
    pub checksum: Option<String>,
}

/// What a node boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployImages {
    /// The kernel.
    pub kernel: ImageRef,
    /// The ramdisk.
    pub ramdisk: ImageRef,
}

impl DeployImages {
    /// Finds both: in `driver_info`, else in the configuration for the node's architecture, else in
    /// the configuration for all. One place gives both or none, since a kernel and a ramdisk belong
    /// together.
    ///
    /// # Errors
    /// Missing, naming what is absent; invalid for what is not text.
    pub fn of(node: &Node, config: &BootConfig) -> Result<Self, DriverError> {
        let arch = node.properties.get("cpu_arch").and_then(Value::as_str).unwrap_or_default();
        let by_arch =
            (config.deploy_kernel_by_arch.get(arch).cloned(), config.deploy_ramdisk_by_arch.get(arch).cloned());
        let for_all = (config.deploy_kernel.clone(), config.deploy_ramdisk.clone());
        let own = (given(node, "deploy_kernel")?, given(node, "deploy_ramdisk")?);
        let places = [own, by_arch, for_all];
        let (kernel, ramdisk) =
            places.into_iter().find(|(kernel, ramdisk)| kernel.is_some() || ramdisk.is_some()).unwrap_or_default();
        match (kernel, ramdisk) {
            (Some(kernel), Some(ramdisk)) => Ok(Self {
                kernel: ImageRef { href: kernel, checksum: given(node, "deploy_kernel_checksum")? },
                ramdisk: ImageRef { href: ramdisk, checksum: given(node, "deploy_ramdisk_checksum")? },
            }),
            (kernel, ramdisk) => {
                let names = [("'deploy_kernel'", kernel.is_none()), ("'deploy_ramdisk'", ramdisk.is_none())];
                let missing: Vec<_> = names.iter().filter(|(_, missing)| *missing).map(|(name, _)| *name).collect();
                Err(DriverError::MissingParameterValue(format!(
                    "Node {} failed to validate deploy image info. Some parameters were missing. Missing are: [{}]",
                    node.id,
                    missing.join(", ")
                )))
            }
        }
    }
}

fn given(node: &Node, key: &str) -> Result<Option<String>, DriverError> {
    match node.driver_info.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(other) => Err(DriverError::InvalidParameterValue(format!(
            "Invalid value {other} set in driver_info/{key} on node {}. The value should be a string.",
            node.id
        ))),
    }
}
