//! A node's PXELINUX configuration.

use crate::{boot::NodeBoot, boot::names::ImageKind, kernel::InvalidKernelParam, secret::Secret};

/// `pxelinux.cfg/01-<mac>`: one label, booted at once. It holds the callback's secret. `BOOTIF` is
/// in the line already, so PXELINUX is not asked to add its own.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn node_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    let node = boot.record.node;
    let (kernel, ramdisk) = (ImageKind::Kernel.file_name(), ImageKind::Ramdisk.file_name());
    let line = boot.record.kernel_line(boot.callback, boot.mac)?.with("initrd", &format!("{node}/{ramdisk}"))?;
    Ok(Secret::new(format!(
        "default deploy

label deploy
kernel {node}/{kernel}
append {line}
"
    )))
}
