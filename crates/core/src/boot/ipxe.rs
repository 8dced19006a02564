//! The two iPXE scripts: the main one, which is the same for all machines, and a node's.
//!
//! Both use only what iPXE had in 2019, the age of the distributions' packages.

use crate::{boot::NodeBoot, boot::names::ImageKind, kernel::InvalidKernelParam, secret::Secret};

/// How often a node tries to fetch its images before it powers itself off.
const ATTEMPTS: u32 = 10;

/// The node script's settings that are not the node's.
#[derive(Clone, Copy, Debug)]
pub struct IpxeSettings<'a> {
    /// The boot listener, such as `http://192.0.2.1:8080`, without a closing slash.
    pub base_url: &'a str,
    /// How long iPXE may take for an image, in milliseconds; 0 leaves it to iPXE (`[pxe] ipxe_timeout`).
    pub timeout_ms: u32,
}

/// `boot.ipxe`: asks for the script of the NIC that iPXE was loaded over, then of each other NIC. A
/// script that was found and has returned hands over to the next boot device. An old ROM that can't
/// count asks for the first NIC only.
#[must_use]
pub fn main_script(base_url: &str) -> String {
    format!(
        "#!ipxe
# Finds the NIC of this machine whose node waits for an inspection.
set scripts {base_url}/pxelinux.cfg
chain ${{scripts}}/${{netX/mac:hexhyp}} && exit 0 ||
set nic:int32 0
:next
isset ${{net${{nic}}/mac}} || goto none
chain ${{scripts}}/${{net${{nic}}/mac:hexhyp}} && exit 0 ||
inc nic || goto none
goto next
:none
echo No inspection waits for this machine (${{netX/mac}}).
prompt --timeout 180000 Press a key for the next boot device, or wait 180 s for a reboot. && exit 0 ||
reboot
"
    )
}

/// The script of one node: fetches kernel and ramdisk, with growing pauses between its attempts,
/// and boots them. It holds the callback's secret.
///
/// # Errors
/// As [`BootRecord::kernel_line`](crate::boot::BootRecord::kernel_line).
pub fn node_script(boot: &NodeBoot<'_>, settings: IpxeSettings<'_>) -> Result<Secret, InvalidKernelParam> {
    // A UEFI kernel finds its ramdisk by the name that `initrd=` says; BIOS ignores it.
    let line = boot.record.kernel_line(boot.callback, boot.mac)?.with("initrd", ImageKind::Ramdisk.file_name())?;
    let images = format!("{}/{}", settings.base_url, boot.record.node);
    let timeout = match settings.timeout_ms {
        0 => String::new(),
        ms => format!("--timeout {ms} "),
    };
    let (kernel, ramdisk) = (ImageKind::Kernel.file_name(), ImageKind::Ramdisk.file_name());
    Ok(Secret::new(format!(
        "#!ipxe
set attempt:int32 1
set pause:int32 1
:attempt
imgfree
echo Inspection ramdisk, attempt ${{attempt}} of {ATTEMPTS}
kernel {timeout}{images}/{kernel} {line} || goto failed
initrd {timeout}{images}/{ramdisk} || goto failed
boot || goto failed
:failed
iseq ${{attempt}} {ATTEMPTS} && goto give_up ||
echo Trying again in ${{pause}} s
sleep ${{pause}}
inc attempt || goto give_up
inc pause 3 || goto give_up
goto attempt
:give_up
echo The inspection ramdisk could not be booted; powering off in 30 s
sleep 30
poweroff
"
    )))
}
