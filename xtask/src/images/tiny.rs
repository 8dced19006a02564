//! The tiny ramdisk: busybox, a handful of modules and `lab/tiny/init`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::kernel::Kernel;
use super::pack;
use crate::project::{Project, read};
use crate::stamp;

const BUSYBOX: &str = "/bin/busybox";
const MODULES: &[&str] = &["virtio_pci", "virtio_net", "virtio_rng"];

/// Gives the tiny ramdisk, from the cache or built.
pub fn build(project: &Project, kernel: &Kernel) -> Result<PathBuf> {
    let ramdisk = project.cache.join("tiny.img");
    let init = project.lab_file("tiny/init");
    let inputs = format!("{}\n{}\n{}", kernel.release, MODULES.join(" "), read(&init)?);
    stamp::build_once("tiny ramdisk", &ramdisk, &inputs, || {
        let folder = project.cache.join("tiny");
        stamp::remove(&folder)?;
        fill(&folder, kernel, &init)?;
        pack(&folder, &ramdisk, 10, &project.log("tiny ramdisk")?)?;
        stamp::remove(&folder)
    })?;
    Ok(ramdisk)
}

fn fill(folder: &Path, kernel: &Kernel, init: &Path) -> Result<()> {
    for name in ["bin", "dev", "proc", "sys", "etc", "tmp", "modules"] {
        fs::create_dir_all(folder.join(name))?;
    }
    fs::copy(BUSYBOX, folder.join("bin/busybox")).context("no /bin/busybox: is busybox-static installed?")?;
    symlink("busybox", folder.join("bin/sh"))?;
    // Insmod needs the right order (6.1: virtio_ring before virtio), so each copy's name begins with its place.
    for (place, file) in kernel.modules(MODULES)?.iter().enumerate() {
        let name = file.file_name().context("a module without a name")?.to_string_lossy();
        fs::copy(file, folder.join("modules").join(format!("{place:02}-{name}")))?;
    }
    fs::copy(init, folder.join("init"))?;
    fs::set_permissions(folder.join("init"), fs::Permissions::from_mode(0o755))?;
    Ok(())
}
