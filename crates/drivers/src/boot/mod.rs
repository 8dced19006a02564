//! How the ramdisk is booted.

mod boot_mode;
mod deploy_images;
mod fake;
pub mod images;
mod network_boot;
mod ramdisk_boot;
mod virtual_media;

pub(crate) use boot_mode::boot_mode;
pub use fake::{FakeBoot, FakeManagedBoot};
pub use network_boot::NetworkBoot;
pub use ramdisk_boot::RamdiskBoot;
pub use virtual_media::VirtualMediaBoot;

use std::collections::BTreeMap;

use assay_core::{boot::loader::Loaders, power::BootMode};

/// What the configuration says about booting.
#[derive(Clone, Debug)]
pub struct BootConfig {
    /// `[pxe]kernel_append_params`.
    pub kernel_append_params: String,
    /// `[DEFAULT]debug`: the ramdisk is told to log more.
    pub debug: bool,
    /// `[deploy]default_boot_mode`.
    pub default_boot_mode: BootMode,
    /// `[conductor]deploy_kernel`.
    pub deploy_kernel: Option<String>,
    /// `[conductor]deploy_ramdisk`.
    pub deploy_ramdisk: Option<String>,
    /// `[conductor]deploy_kernel_by_arch`.
    pub deploy_kernel_by_arch: BTreeMap<String, String>,
    /// `[conductor]deploy_ramdisk_by_arch`.
    pub deploy_ramdisk_by_arch: BTreeMap<String, String>,
    /// The names of the loaders that NICs are told.
    pub loaders: Loaders,
    /// The loaders that were looked for in vain, each with a sentence that says where to get it.
    pub missing_loaders: BTreeMap<String, String>,
}

impl Default for BootConfig {
    fn default() -> Self {
        Self {
            kernel_append_params: "nofb vga=normal".to_owned(),
            debug: false,
            default_boot_mode: BootMode::Uefi,
            deploy_kernel: None,
            deploy_ramdisk: None,
            deploy_kernel_by_arch: BTreeMap::new(),
            deploy_ramdisk_by_arch: BTreeMap::new(),
            loaders: Loaders::default(),
            missing_loaders: BTreeMap::new(),
        }
    }
}
