//! Which file a NIC is told to boot: decided from what it says of itself in its DHCP request.

use std::collections::BTreeMap;

use crate::{
    boot::{BootChain, BootRecord},
    power::BootMode,
};

/// What a DHCP client tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootClient {
    /// DHCP option 93, the client's architecture (RFC 4578, IANA "Processor Architecture Types").
    pub arch: Option<u16>,
    /// The client is iPXE already: it sent option 175 or the user class `iPXE`.
    pub ipxe: bool,
}

/// The platform that a loader runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Platform {
    cpu: String,
    mode: BootMode,
    /// The firmware fetches by HTTP instead of TFTP.
    http: bool,
}

impl Platform {
    fn of(record: &BootRecord) -> Self {
        let cpu = record.cpu_arch.clone().unwrap_or_else(|| "x86_64".to_owned());
        Self { cpu, mode: record.boot_mode, http: false }
    }
}

/// The platform of an architecture type; `None`: not one that we know.
fn platform(arch: u16) -> Option<Platform> {
    let (cpu, mode, http) = match arch {
        0 => ("x86_64", BootMode::Bios, false),
        6 | 7 | 9 => ("x86_64", BootMode::Uefi, false),
        10 => ("arm", BootMode::Uefi, false),
        11 => ("aarch64", BootMode::Uefi, false),
        15..=17 => ("x86_64", BootMode::Uefi, true),
        18 => ("arm", BootMode::Uefi, true),
        19 => ("aarch64", BootMode::Uefi, true),
        20 => ("x86_64", BootMode::Bios, true),
        _ => return None,
    };
    Some(Platform { cpu: cpu.to_owned(), mode, http })
}

/// File names of the loaders of one chain, as `[pxe]` names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderNames {
    /// For BIOS where `by_arch` has no entry.
    pub bios: String,
    /// For UEFI where `by_arch` has no entry.
    pub uefi: String,
    /// By `<cpu_arch>-<boot mode>` or `<cpu_arch>`; the former wins.
    pub by_arch: BTreeMap<String, String>,
}

impl LoaderNames {
    /// Every name that a client may be told, each once.
    #[must_use]
    pub fn all(&self) -> Vec<&str> {
        let mut names: Vec<_> = [&self.bios, &self.uefi].into_iter().chain(self.by_arch.values()).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(String::as_str).collect()
    }

    fn choose(&self, platform: &Platform) -> &str {
        let exact = format!("{}-{}", platform.cpu, platform.mode);
        let default = match platform.mode {
            BootMode::Bios => &self.bios,
            BootMode::Uefi => &self.uefi,
        };
        self.by_arch.get(&exact).or_else(|| self.by_arch.get(&platform.cpu)).unwrap_or(default)
    }
}

/// The loaders of each chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaders {
    /// `pxe_bootfile_name`, `uefi_pxe_bootfile_name`, `pxe_bootfile_name_by_arch`.
    pub pxe: LoaderNames,
    /// `ipxe_bootfile_name`, `uefi_ipxe_bootfile_name`, `ipxe_bootfile_name_by_arch`.
    pub ipxe: LoaderNames,
    /// What boots a disc. These names are ours: they are told to no machine.
    pub disc: LoaderNames,
}

impl Default for Loaders {
    fn default() -> Self {
        let names = |bios: &str, uefi: &str, aarch64: &str| LoaderNames {
            bios: bios.to_owned(),
            uefi: uefi.to_owned(),
            by_arch: BTreeMap::from([("aarch64".to_owned(), aarch64.to_owned())]),
        };
        Self {
            pxe: names("pxelinux.0", "bootx64.efi", "grubaa64.efi"),
            ipxe: names("undionly.kpxe", "snponly.efi", "ipxe_aa64.efi"),
            disc: names("isolinux.bin", "gcdx64.efi", "gcdaa64.efi"),
        }
    }
}

/// What a client is told to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootFile {
    /// A loader's name on our TFTP server.
    Tftp(String),
    /// A URL; the client is an HTTP client and wants to see `HTTPClient` in the answer.
    Http(String),
    /// iPXE's main script, as a URL.
    Script(String),
}

impl Loaders {
    /// The file for `client`, which is a NIC of the node of `record`; `None` where the network is not
    /// booted from. Where the client does not tell its architecture, the node's properties do.
    #[must_use]
    pub fn boot_file(&self, client: BootClient, record: &BootRecord, base_url: &str) -> Option<BootFile> {
        let platform = client.arch.and_then(platform).unwrap_or_else(|| Platform::of(record));
        match record.chain {
            BootChain::VirtualMedia => return None,
            BootChain::Ipxe | BootChain::HttpIpxe if client.ipxe => {
                return Some(BootFile::Script(format!("{base_url}/boot.ipxe")));
            }
            BootChain::Ipxe | BootChain::HttpIpxe | BootChain::Pxe => {}
        }
        let name = self.of(record.chain).choose(&platform);
        Some(if platform.http { BootFile::Http(format!("{base_url}/{name}")) } else { BootFile::Tftp(name.to_owned()) })
    }

    /// The loader that the node of `record` begins with, going by what is known of the node.
    #[must_use]
    pub fn first(&self, record: &BootRecord) -> &str {
        self.of(record.chain).choose(&Platform::of(record))
    }

    /// What boots the disc of the node of `record`: the loader for BIOS, and the one for UEFI.
    #[must_use]
    pub fn of_disc(&self, record: &BootRecord) -> [&str; 2] {
        let platform = Platform::of(record);
        [BootMode::Bios, BootMode::Uefi].map(|mode| self.disc.choose(&Platform { mode, ..platform.clone() }))
    }

    const fn of(&self, chain: BootChain) -> &LoaderNames {
        match chain {
            BootChain::Pxe => &self.pxe,
            BootChain::Ipxe | BootChain::HttpIpxe => &self.ipxe,
            BootChain::VirtualMedia => &self.disc,
        }
    }
}
