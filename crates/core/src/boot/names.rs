//! The names that the boot listeners answer: a closed grammar. TFTP and HTTP share it.
//!
//! **Invariant:** a [`BootName`] never holds a path: a loader is one plain file name that is looked
//! up among the loaders found at start, everything else is typed.

use crate::{
    callback::parse_segments,
    id::{NodeId, RunId},
    mac::MacAddress,
};

/// The longest name that is looked at; the longest that is answered has 88 characters.
const MAX_NAME_BYTES: usize = 128;

/// The two images that a node boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// `deploy_kernel`
    Kernel,
    /// `deploy_ramdisk`
    Ramdisk,
}

impl ImageKind {
    /// The image's name within its node's names.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Kernel => "deploy_kernel",
            Self::Ramdisk => "deploy_ramdisk",
        }
    }
}

/// Something that a booting machine may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootName<'a> {
    /// A boot loader, by its plain file name.
    Loader(&'a str),
    /// `boot.ipxe`: finds the NIC whose node is being inspected.
    IpxeMain,
    /// `pxelinux.cfg/<mac>`, as [`IpxeMain`](Self::IpxeMain) asks: the iPXE script of one NIC's node.
    IpxeNode(MacAddress),
    /// `pxelinux.cfg/01-<mac>` (Ethernet) or `20-<mac>` (InfiniBand), as PXELINUX asks.
    PxelinuxNode(MacAddress),
    /// `grub/grub.cfg`: sources the configuration of the NIC that GRUB was loaded over.
    GrubMain,
    /// `grub/<mac>.conf`
    GrubNode(MacAddress),
    /// `<node>/deploy_kernel` or `<node>/deploy_ramdisk`
    Image(NodeId, ImageKind),
    /// `iso/<run>/<secret>.iso`: the disc of one run, as its BMC asks.
    Disc(RunId, &'a str),
}

impl<'a> BootName<'a> {
    /// Reads a name as it came over TFTP or as an HTTP path; one leading `/` is dropped. `None`: not
    /// a name that exists.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        if name.len() > MAX_NAME_BYTES {
            return None;
        }
        let name = name.strip_prefix('/').unwrap_or(name);
        match name.split_once('/') {
            None if name == "boot.ipxe" => Some(Self::IpxeMain),
            None => is_plain(name).then_some(Self::Loader(name)),
            Some(("grub", "grub.cfg")) => Some(Self::GrubMain),
            Some(("grub", file)) => Some(Self::GrubNode(colon_mac(file.strip_suffix(".conf")?)?)),
            Some(("pxelinux.cfg", file)) => pxelinux_cfg(file),
            Some(("iso", file)) => disc(file),
            Some((node, file)) => Some(Self::Image(uuid(node)?, image(file)?)),
        }
    }
}

fn pxelinux_cfg(file: &str) -> Option<BootName<'static>> {
    match file.strip_prefix("01-").filter(|_| file.len() == 20) {
        Some(mac) => Some(BootName::PxelinuxNode(hyphen_mac(mac)?)),
        None => match file.strip_prefix("20-").filter(|_| file.len() == 20) {
            Some(mac) => Some(BootName::PxelinuxNode(hyphen_mac(mac)?)),
            None => Some(BootName::IpxeNode(hyphen_mac(file)?)),
        },
    }
}

fn disc(file: &str) -> Option<BootName<'_>> {
    let (run, secret) = file.strip_suffix(".iso")?.split_once('/')?;
    parse_segments(run, secret).map(|(run, secret)| BootName::Disc(run, secret))
}

fn hyphen_mac(text: &str) -> Option<MacAddress> {
    text.contains('-').then(|| text.parse().ok()).flatten()
}

fn colon_mac(text: &str) -> Option<MacAddress> {
    text.contains(':').then(|| text.parse().ok()).flatten()
}

fn uuid(text: &str) -> Option<NodeId> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

fn image(file: &str) -> Option<ImageKind> {
    [ImageKind::Kernel, ImageKind::Ramdisk].into_iter().find(|kind| kind.file_name() == file)
}

/// Letters, digits, `.`, `_` and `-`, not starting with a dot.
fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "O0hNZrzub-VBEJADhE0S0ty8vuBUOomLobBJn2JKIps";
    const NODE: &str = "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11";

    #[test]
    fn the_names_of_every_loader_are_known() {
        let mac: MacAddress = "52:54:00:ab:cd:01".parse().unwrap();
        let node: NodeId = NODE.parse().unwrap();
        for (text, name) in [
            ("boot.ipxe", BootName::IpxeMain),
            ("/boot.ipxe", BootName::IpxeMain),
            ("undionly.kpxe", BootName::Loader("undionly.kpxe")),
            ("/grubnetx64.efi.signed", BootName::Loader("grubnetx64.efi.signed")),
            ("pxelinux.cfg/52-54-00-ab-cd-01", BootName::IpxeNode(mac)),
            ("pxelinux.cfg/01-52-54-00-ab-cd-01", BootName::PxelinuxNode(mac)),
            ("pxelinux.cfg/20-52-54-00-AB-CD-01", BootName::PxelinuxNode(mac)),
            ("grub/grub.cfg", BootName::GrubMain),
            ("/grub/52:54:00:ab:cd:01.conf", BootName::GrubNode(mac)),
            (&format!("{NODE}/deploy_kernel"), BootName::Image(node, ImageKind::Kernel)),
            (&format!("/{NODE}/deploy_ramdisk"), BootName::Image(node, ImageKind::Ramdisk)),
            (&format!("/iso/{NODE}/{SECRET}.iso"), BootName::Disc(RunId(node.0), SECRET)),
        ] {
            assert_eq!(BootName::parse(text), Some(name), "{text}");
        }
    }

    #[test]
    fn a_mac_that_begins_like_a_prefix_is_a_mac() {
        let mac = "01-54-00-ab-cd-01".parse().unwrap();
        assert_eq!(BootName::parse("pxelinux.cfg/01-54-00-ab-cd-01"), Some(BootName::IpxeNode(mac)));
        assert_eq!(BootName::parse("pxelinux.cfg/01-01-54-00-ab-cd-01"), Some(BootName::PxelinuxNode(mac)));
    }

    #[test]
    fn anything_else_is_not_found() {
        for text in [
            "",
            "/",
            "//boot.ipxe",
            "..",
            ".hidden",
            "../etc/passwd",
            "a/../b",
            "pxelinux.cfg/default",
            "pxelinux.cfg/0A000001",
            "pxelinux.cfg/6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11",
            "pxelinux.cfg/52:54:00:ab:cd:01",
            "pxelinux.cfg/02-52-54-00-ab-cd-01",
            "pxelinux.cfg/",
            "grub/52-54-00-ab-cd-01.conf",
            "grub/grub.cfg-01-52-54-00-ab-cd-01",
            "6a6d1a9e5f1c4c1b8f8f0f8a3a1f4c11/deploy_kernel",
            &format!("{NODE}/config"),
            &format!("{NODE}/deploy_kernel/"),
            &format!("{NODE}//deploy_kernel"),
            &format!("iso/{NODE}/{SECRET}"),
            &format!("iso/{NODE}/short.iso"),
            &format!("iso/{NODE}/x/{SECRET}.iso"),
            "a\0b",
            "a b",
            "a\\b",
            &"a".repeat(129),
        ] {
            assert_eq!(BootName::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn s10_no_name_panics_and_no_loader_is_a_path(text in any::<String>()) {
            if let Some(BootName::Loader(name)) = BootName::parse(&text) {
                prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
            }
        }
    }
}
