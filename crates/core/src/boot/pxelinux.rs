//! A node's configuration of PXELINUX, and of ISOLINUX on its disc.

use crate::{boot::NodeBoot, boot::names::ImageKind, kernel::InvalidKernelParam, secret::Secret};

/// `pxelinux.cfg/01-<mac>`: one label, booted at once. It holds the callback's secret. `BOOTIF` is
/// in the line already, so PXELINUX is not asked to add its own.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn node_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    let node = boot.record.node;
    let path = |image: ImageKind| format!("{node}/{}", image.file_name());
    config(boot, &path(ImageKind::Kernel), &path(ImageKind::Ramdisk))
}

/// `isolinux.cfg` of a disc: the same, with the images beside it.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn disc_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    config(boot, "kernel.img", "ramdisk.img")
}

fn config(boot: &NodeBoot<'_>, kernel: &str, ramdisk: &str) -> Result<Secret, InvalidKernelParam> {
    let line = boot.record.kernel_line(boot.callback, boot.mac)?.with("initrd", ramdisk)?;
    Ok(Secret::new(format!(
        "default deploy

label deploy
kernel {kernel}
append {line}
"
    )))
}
