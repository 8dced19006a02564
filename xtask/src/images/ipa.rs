//! The stock ironic-python-agent in a ramdisk: Debian 12 by mmdebstrap, the agent from PyPI, `lab/ipa/init` as process 1.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::kernel::Kernel;
use super::pack;
use crate::command;
use crate::project::{Project, read, write};
use crate::setup::{debian, python};
use crate::stamp;

/// What the agent's collectors and its network need; its same Python minor makes `pip --target` on the host enough.
const PACKAGES: &str = "python3,iproute2,isc-dhcp-client,lshw,dmidecode,ethtool,util-linux,smartmontools,pciutils,usbutils,\
                        hdparm,kmod,udev,procps,nvme-cli,efibootmgr,ipmitool,lsscsi,parted,gdisk,mdadm";
const MODULES: &[&str] = &[
    "virtio_pci",
    "virtio_net",
    "virtio_blk",
    "virtio_scsi",
    "virtio_rng",
    "sd_mod",
    "sr_mod",
    "isofs",
    "vfat",
    "nls_ascii",
    "nls_cp437",
    "nls_iso8859_1",
    "nvme",
    "loop",
    "8021q",
    "button",
    "efivarfs",
    "md_mod",
    "raid1",
    "dm_mod",
    "dm_multipath",
    "squashfs",
    "overlay",
    "af_packet",
    "qemu_fw_cfg",
    "sg",
];
/// What a ramdisk never reads, and would have to be downloaded and unpacked on every boot.
const SURPLUS: &[&str] = &[
    "usr/share/man",
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/zoneinfo",
    "usr/share/perl",
    "usr/share/perl5",
    "usr/share/bash-completion",
    "usr/share/lintian",
    "var/lib/apt/lists",
    "var/cache/apt",
    "var/cache/debconf",
    "usr/lib/udev/hwdb.bin",
    "usr/lib/udev/hwdb.d",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/lib/x86_64-linux-gnu/perl-base",
    "usr/lib/apt",
    "var/lib/dpkg/info",
];
const SITE: &str = "usr/local/lib/python3.11/dist-packages";
const AGENT: &str = "#!/usr/bin/python3\nimport sys\nfrom ironic_python_agent.cmd.agent import run\nsys.exit(run())\n";

/// Gives the agent's ramdisk, from the cache or built.
pub fn build(project: &Project, kernel: &Kernel) -> Result<PathBuf> {
    let ramdisk = project.cache.join("ipa.img");
    let init = project.lab_file("ipa/init");
    let inputs = [
        &kernel.release,
        PACKAGES,
        &MODULES.join(" "),
        &SURPLUS.join(" "),
        &read(&python::list_file(project, "ipa"))?,
        &read(&init)?,
    ]
    .join("\n");
    let debian = debian_root(project)?;
    stamp::build_once("ironic-python-agent ramdisk", &ramdisk, &inputs, || {
        let folder = project.cache.join("ipa");
        stamp::remove(&folder)?;
        command::output(Command::new("cp").args(["-a", "--reflink=auto"]).arg(&debian).arg(&folder))?;
        fill(project, &folder, kernel, &init)?;
        pack(&folder, &ramdisk, 6, &project.log("ipa ramdisk")?)?;
        stamp::remove(&folder)
    })?;
    Ok(ramdisk)
}

/// Debian's part takes the longest and changes the least: it has a stamp of its own.
fn debian_root(project: &Project) -> Result<PathBuf> {
    let root = project.cache.join("ipa-debian");
    stamp::build_once("Debian root of the agent's ramdisk", &root, PACKAGES, || {
        debian::refresh(project)?;
        let mut mmdebstrap = Command::new("mmdebstrap");
        mmdebstrap.args(["-q", "--variant=minbase", &format!("--include={PACKAGES}")]);
        for surplus in ["man", "locale", "doc"] {
            mmdebstrap.arg(format!("--dpkgopt=path-exclude=/usr/share/{surplus}/*"));
        }
        mmdebstrap.arg("bookworm").arg(&root).arg(own_sources());
        command::quiet(&mut mmdebstrap, &project.log("mmdebstrap")?)
    })?;
    Ok(root)
}

/// This machine's own mirror, whichever form its sources have.
fn own_sources() -> &'static str {
    let deb822 = "/etc/apt/sources.list.d/debian.sources";
    if Path::new(deb822).exists() { deb822 } else { "/etc/apt/sources.list" }
}

fn fill(project: &Project, folder: &Path, kernel: &Kernel, init: &Path) -> Result<()> {
    for surplus in SURPLUS {
        stamp::remove(&folder.join(surplus))?;
    }
    let site = folder.join(SITE);
    python::packages_for_ramdisk(project, "ipa", &site)?;
    compile(&site, &project.log("compile ipa")?)?;
    kernel.copy_modules(MODULES, folder)?;
    for name in ["var/lib/dhcp", "etc/ironic-python-agent", "etc/ironic-python-agent.d"] {
        fs::create_dir_all(folder.join(name))?;
    }
    executable(&folder.join("usr/local/bin/ironic-python-agent"), AGENT)?;
    executable(&folder.join("init"), &read(init)?)?;
    let mtab = folder.join("etc/mtab");
    stamp::remove(&mtab)?;
    symlink("/proc/self/mounts", &mtab).context("cannot link etc/mtab")?;
    stamp::remove(&folder.join("etc/resolv.conf"))?;
    write(&folder.join("etc/resolv.conf"), "")
}

/// Compiles to byte code here: under emulation, sixty packages would cost tens of seconds on every boot.
fn compile(site: &Path, log: &Path) -> Result<()> {
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-m", "compileall", "-q", "-j0", "--invalidation-mode", "unchecked-hash", "-s"]);
    python.arg(site).args(["-p", &format!("/{SITE}")]).arg(site);
    // Test data of some packages is meant not to compile.
    command::logged(&mut python, log).map(drop)
}

fn executable(path: &Path, text: &str) -> Result<()> {
    write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
