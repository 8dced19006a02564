//! Debian's kernel for virtual machines, unpacked from its package without installing it, and its modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::project::Project;
use crate::setup::debian;
use crate::stamp;

/// The package that depends on the newest kernel of Debian 12 that has virtio and little else.
const NEWEST: &str = "linux-image-cloud-amd64";

/// An unpacked kernel package.
#[derive(Debug)]
pub struct Kernel {
    /// The kernel that boots.
    pub image: PathBuf,
    /// The folder that holds `lib/modules`.
    pub root: PathBuf,
    /// The kernel's release, as `uname -r` gives it.
    pub release: String,
}

/// Gives the kernel, from the cache or from Debian's archive.
pub fn unpacked(project: &Project) -> Result<Kernel> {
    let root = project.cache.join("kernel");
    stamp::build_once("kernel from Debian's archive", &root, NEWEST, || {
        debian::refresh(project)?;
        let depends = command::output(Command::new("apt-cache").args(["depends", NEWEST]))?;
        let package = depends
            .lines()
            .find_map(|line| line.trim().strip_prefix("Depends: ").filter(|name| name.starts_with("linux-image-")))
            .context("linux-image-cloud-amd64 depends on no kernel")?;
        debian::unpack(project, package, &root)
    })?;
    let release = only_entry(&root.join("lib/modules"))?;
    let image = root.join("boot").join(format!("vmlinuz-{release}"));
    if !root.join("lib/modules").join(&release).join("modules.dep").exists() {
        depmod(&root, &release)?;
    }
    Ok(Kernel { image, root, release })
}

impl Kernel {
    /// The files of `modules` and of all that they need, in the order of loading; a module that the kernel has built in,
    /// or not at all, has none.
    pub fn modules(&self, modules: &[&str]) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for module in modules {
            let mut modprobe = Command::new("modprobe");
            modprobe.arg("-d").arg(&self.root).args(["-S", &self.release, "--show-depends", module]);
            let order = command::output(&mut modprobe).unwrap_or_default();
            for file in order.lines().filter_map(|line| line.strip_prefix("insmod ")) {
                let file = PathBuf::from(file.trim());
                if !files.contains(&file) {
                    files.push(file);
                }
            }
        }
        Ok(files)
    }

    /// Copies `modules` and what they need below `folder`, where modprobe finds them.
    pub fn copy_modules(&self, modules: &[&str], folder: &Path) -> Result<()> {
        let ours = Path::new("lib/modules").join(&self.release);
        fs::create_dir_all(folder.join(&ours))?;
        for list in ["modules.builtin", "modules.builtin.modinfo", "modules.order"] {
            fs::copy(self.root.join(&ours).join(list), folder.join(&ours).join(list))?;
        }
        for file in self.modules(modules)? {
            let copy = folder.join(file.strip_prefix(&self.root).context("modprobe named a file of another kernel")?);
            fs::create_dir_all(copy.parent().context("a module without a folder")?)?;
            fs::copy(&file, &copy)?;
        }
        depmod(folder, &self.release)
    }
}

fn depmod(root: &Path, release: &str) -> Result<()> {
    command::output(Command::new("depmod").arg("-b").arg(root).arg(release)).map(drop)
}

fn only_entry(folder: &Path) -> Result<String> {
    let entry = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .next()
        .with_context(|| format!("{} is empty", folder.display()))??;
    Ok(entry.file_name().to_string_lossy().into_owned())
}
