//! Finding the boot loaders, which are the distribution's and not ours.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use assay_core::boot::{BootChain, loader::Loaders};

/// A loader, the names under which distributions have it, and the Debian package that brings it.
struct Known {
    name: &'static str,
    files: &'static [&'static str],
    package: &'static str,
}

const fn known(name: &'static str, files: &'static [&'static str], package: &'static str) -> Known {
    Known { name, files, package }
}

const KNOWN: &[Known] = &[
    known("undionly.kpxe", &["/usr/lib/ipxe/undionly.kpxe", "/usr/share/ipxe/undionly.kpxe"], "ipxe"),
    known(
        "snponly.efi",
        &["/usr/lib/ipxe/snponly.efi", "/usr/share/ipxe/ipxe-snponly-x86_64.efi", "/usr/share/ipxe/snponly.efi"],
        "ipxe",
    ),
    known("ipxe.efi", &["/usr/lib/ipxe/ipxe.efi", "/usr/share/ipxe/ipxe-x86_64.efi"], "ipxe"),
    known(
        "ipxe_aa64.efi",
        &["/usr/lib/ipxe/ipxe-arm64.efi", "/usr/share/ipxe/arm64-efi/snponly.efi", "/boot/ipxe-arm64.efi"],
        "ipxe-arm64",
    ),
    known("pxelinux.0", &["/usr/lib/PXELINUX/pxelinux.0", "/usr/share/syslinux/pxelinux.0"], "pxelinux"),
    known("lpxelinux.0", &["/usr/lib/PXELINUX/lpxelinux.0", "/usr/share/syslinux/lpxelinux.0"], "pxelinux"),
    known(
        "ldlinux.c32",
        &["/usr/lib/syslinux/modules/bios/ldlinux.c32", "/usr/share/syslinux/ldlinux.c32"],
        "syslinux-common",
    ),
    known("bootx64.efi", &["/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed"], "grub-efi-amd64-signed"),
    known("isolinux.bin", &["/usr/lib/ISOLINUX/isolinux.bin", "/usr/share/syslinux/isolinux.bin"], "isolinux"),
    known("gcdx64.efi", &["/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"], "grub-efi-amd64-signed"),
    known("gcdaa64.efi", &["/usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed"], "grub-efi-arm64-signed"),
    known("grubaa64.efi", &["/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed"], "grub-efi-arm64-signed"),
];

/// A loader that a client may be told and that was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("boot loader {name} was not found{}; put it into [assay] loader_dir or name it in [pxe] loader_file_paths", package.map(|package| format!(" (Debian package {package})")).unwrap_or_default())]
pub struct MissingLoader {
    /// The boot interface that would tell it.
    pub chain: BootChain,
    /// The loader that clients would be told to boot.
    pub told: String,
    /// The file that is not there: the loader itself, or what it loads next.
    pub name: String,
    /// The Debian package that brings it, for loaders that are known.
    pub package: Option<&'static str>,
}

/// Finds every loader that a client may be told, and those that are known: in `loader_dir`, then in
/// `paths` (`[pxe] loader_file_paths`: name to file), then where distributions put them.
#[must_use]
pub fn find(
    names: &Loaders,
    loader_dir: Option<&Path>,
    paths: &BTreeMap<String, String>,
) -> (BTreeMap<String, PathBuf>, Vec<MissingLoader>) {
    let ipxe = names.ipxe.all().into_iter().map(|name| (BootChain::Ipxe, name));
    let pxe = names.pxe.all().into_iter().map(|name| (BootChain::Pxe, name));
    let disc = names.disc.all().into_iter().map(|name| (BootChain::VirtualMedia, name));
    let told: Vec<_> = ipxe.chain(pxe).chain(disc).collect();
    let all = told
        .iter()
        .map(|(_, name)| *name)
        .chain(paths.keys().map(String::as_str))
        .chain(KNOWN.iter().map(|known| known.name));
    let found: BTreeMap<_, _> =
        all.filter_map(|name| Some((name.to_owned(), locate(name, loader_dir, paths)?))).collect();
    let missing = told.iter().filter_map(|&(chain, told)| {
        let name = needed(told).into_iter().find(|name| !found.contains_key(*name))?;
        let package = lookup(name).map(|known| known.package);
        Some(MissingLoader { chain, told: told.to_owned(), name: name.to_owned(), package })
    });
    let missing = missing.collect();
    (found, missing)
}

fn locate(name: &str, loader_dir: Option<&Path>, paths: &BTreeMap<String, String>) -> Option<PathBuf> {
    let own = loader_dir.map(|dir| dir.join(name)).into_iter().chain(paths.get(name).map(PathBuf::from));
    let distribution = lookup(name).map(|known| known.files).unwrap_or_default().iter().map(PathBuf::from);
    own.chain(distribution).find(|path| path.is_file())
}

/// The files without which a machine that is told this loader does not boot.
fn needed(told: &str) -> Vec<&str> {
    match told {
        "pxelinux.0" | "lpxelinux.0" | "isolinux.bin" => vec![told, "ldlinux.c32"],
        _ => vec![told],
    }
}

fn lookup(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_loader_wins_over_a_configured_one_and_a_missing_one_names_its_package() {
        let dir = tempfile::tempdir().unwrap();
        let (own, configured) = (dir.path().join("own"), dir.path().join("configured"));
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("snponly.efi"), "own").unwrap();
        std::fs::write(&configured, "configured").unwrap();
        let mut names = Loaders::default();
        names.ipxe.by_arch = BTreeMap::from([("riscv64".to_owned(), "nowhere.efi".to_owned())]);
        let path = |name: &str| (name.to_owned(), configured.display().to_string());
        let (found, missing) = find(&names, Some(&own), &BTreeMap::from([path("snponly.efi"), path("extra.c32")]));
        assert_eq!(found["snponly.efi"], own.join("snponly.efi"));
        assert_eq!(found["extra.c32"], configured);
        let nowhere = missing.iter().find(|loader| loader.name == "nowhere.efi").unwrap();
        assert_eq!(nowhere.package, None);
        assert!(nowhere.to_string().starts_with("boot loader nowhere.efi was not found; put it into"));
        assert_eq!(lookup("undionly.kpxe").unwrap().package, "ipxe");
        assert_eq!(needed("pxelinux.0"), ["pxelinux.0", "ldlinux.c32"]);
    }
}
