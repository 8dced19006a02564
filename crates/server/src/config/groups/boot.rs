//! How machines are booted and reached: `[deploy]`, `[pxe]`, `[redfish]`, `[ipmi]`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use assay_core::{kernel::KernelParams, power::BootMode};
use assay_drivers::redfish::{AuthType, VerifyCa};

use crate::config::options::options;

options! {
    /// Where machines fetch what they boot.
    Deploy = "deploy" {
        /// What the URLs of boot files start with.
        http_url: String = "http://$assay.boot_address:$assay.boot_port";
        /// The same for BMCs, which fetch the discs of `redfish-virtual-media`; a node's
        /// `driver_info[external_http_url]` wins.
        external_http_url: String = "$http_url";
        /// The boot mode of nodes that name none.
        default_boot_mode: BootMode = "uefi";
    }
}

options! {
    /// Network boot.
    Pxe = "pxe" {
        /// Kernel parameters of the ramdisk; `%default%` in a node's
        /// `driver_info[kernel_append_params]` stands for them.
        kernel_append_params: KernelParams = "nofb vga=normal", formerly "pxe_append_params";
        /// The loader of the boot interface `pxe` for BIOS machines.
        pxe_bootfile_name: String = "pxelinux.0";
        /// The loader of the boot interface `pxe` for UEFI machines.
        uefi_pxe_bootfile_name: String = "bootx64.efi";
        /// Loaders of the boot interface `pxe` by `cpu_arch`, or by `cpu_arch-boot_mode`.
        pxe_bootfile_name_by_arch: BTreeMap<String, String> = "aarch64:grubaa64.efi";
        /// The iPXE loader for BIOS machines.
        ipxe_bootfile_name: String = "undionly.kpxe";
        /// The iPXE loader for UEFI machines.
        uefi_ipxe_bootfile_name: String = "snponly.efi";
        /// iPXE loaders by `cpu_arch`, or by `cpu_arch-boot_mode`.
        ipxe_bootfile_name_by_arch: BTreeMap<String, String> = "aarch64:ipxe_aa64.efi";
        /// How long iPXE may take to fetch an image; 0 leaves it to iPXE.
        ipxe_timeout: Duration = "0", range 0..=86_400;
        /// A machine that shows no sign of life for so long after it was switched on is booted again, as long as its inspection waits.
        /// Unset: never.
        boot_retry_timeout: Option<Duration>, range 1..=86_400;
        /// More loaders, or other places of them: `name:path, …`.
        loader_file_paths: BTreeMap<String, String>;
        /// The folder in which images are cached.
        images_path: PathBuf = "$assay.state_path/cache";
        /// The size of that cache, in MiB.
        image_cache_size: u64 = "20480", range 1..=1_000_000_000;
    }
}

options! {
    /// Redfish BMCs.
    Redfish = "redfish" {
        /// How often a request that changes nothing is tried.
        connection_attempts: usize = "5", range 1..=100;
        /// How many log-ins are remembered.
        connection_cache_size: u64 = "1000", range 1..=1_000_000;
        /// How long a BMC has to accept a connection.
        connect_timeout: Duration = "10", range 1..=30;
        /// How long a BMC has to answer; more than 30 seconds are taken as 30.
        read_timeout: Duration = "30", range 1..=600;
        /// How requests are authenticated, for nodes that don't say.
        auth_type: AuthType = "auto";
        /// Whether BMCs have to show a certificate of a known authority, or the file with the
        /// authorities' certificates, for nodes that don't say.
        verify_ca: VerifyCa = "true";
    }
}

options! {
    /// IPMI BMCs, which are asked by ipmitool.
    Ipmi = "ipmi" {
        /// How long one command may take, with its repetitions; more than 30 seconds are taken as 30.
        command_retry_timeout: Duration = "30", range 1..=600;
        /// The pause between two commands to one BMC: some BMCs fail without.
        min_command_interval: Duration = "5", range 0..=20;
        /// The cipher suites that are tried, the last one first, for nodes that name none; ipmitool chooses where it is empty.
        cipher_suite_versions: Vec<u8>;
        /// Texts of ipmitool's errors after which a command that changes nothing is tried again.
        additional_retryable_ipmi_errors: Vec<String>;
        /// Whether BMCs are told to keep a boot device for longer than a minute, for nodes that don't say.
        disable_boot_timeout: bool = "true";
    }
}
