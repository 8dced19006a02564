//! GRUB's two configurations: the main one, which is the same for all machines, and a node's.

use crate::{
    boot::{NodeBoot, names::ImageKind},
    kernel::{InvalidKernelParam, KernelParam},
    secret::Secret,
};

/// `grub/grub.cfg`: sources the configuration of the NIC that GRUB was loaded over. Debian's signed
/// image asks for this name only, and knows the MAC with colons.
pub const MAIN_CONFIG: &str = "configfile (tftp)/grub/${net_default_mac}.conf
";

/// `grub/<mac>.conf`: one entry, booted at once. It holds the callback's secret.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn node_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    let node = boot.record.node;
    let path = |image: ImageKind| format!("(tftp)/{node}/{}", image.file_name());
    config(boot, &path(ImageKind::Kernel), &path(ImageKind::Ramdisk))
}

/// `/boot/grub/grub.cfg` of a disc: the same, with the images beside it.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn disc_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    config(boot, "/kernel.img", "/ramdisk.img")
}

/// Every parameter stands in single quotes, where GRUB's shell expands nothing.
fn config(boot: &NodeBoot<'_>, kernel: &str, ramdisk: &str) -> Result<Secret, InvalidKernelParam> {
    let line = boot.record.kernel_line(boot.callback, boot.mac)?;
    let params: Vec<_> = line.iter().map(KernelParam::in_grub).collect();
    Ok(Secret::new(format!(
        "set default=0
set timeout=1

menuentry 'deploy' {{
    linux {kernel} {}
    initrd {ramdisk}
}}
",
        params.join(" ")
    )))
}
