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

/// `grub/<mac>.conf`: one entry, booted at once. It holds the callback's secret. Every parameter
/// stands in single quotes, where GRUB's shell expands nothing.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn node_config(boot: &NodeBoot<'_>) -> Result<Secret, InvalidKernelParam> {
    let line = boot.record.kernel_line(boot.callback, boot.mac)?;
    let params: Vec<_> = line.iter().map(KernelParam::in_grub).collect();
    let node = boot.record.node;
    let (kernel, ramdisk) = (ImageKind::Kernel.file_name(), ImageKind::Ramdisk.file_name());
    Ok(Secret::new(format!(
        "set default=0
set timeout=1

menuentry 'deploy' {{
    linux (tftp)/{node}/{kernel} {}
    initrd (tftp)/{node}/{ramdisk}
}}
",
        params.join(" ")
    )))
}
