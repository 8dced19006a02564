//! Debian packages: found by dpkg first, so that a machine that has them is not touched and nothing is downloaded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::interrupt;
use crate::project::{Project, write};
use crate::ui;

/// What the lab needs: machines and their firmware, the switch, libvirt for the BMC emulator, and the tools that build
/// the ramdisks.
pub const LAB: &[&str] = &[
    "qemu-system-x86",
    "qemu-utils",
    "ipxe-qemu",
    "ipxe",
    "seabios",
    "ovmf",
    "pxelinux",
    "isolinux",
    "syslinux-common",
    "grub-efi-amd64-signed", // machines
    "openvswitch-switch",
    "dnsmasq-base",
    "iproute2",
    "curl", // their network
    "ipmitool",
    "openipmi", // BMCs of IPMI
    "libvirt-daemon",
    "libvirt-daemon-system",
    "libvirt-clients",
    "libvirt-daemon-driver-qemu", // their BMCs
    "libvirt-dev",
    "gcc",
    "pkg-config",
    "python3-dev",
    "python3-venv", // libvirt's Python binding
    "mmdebstrap",
    "busybox-static",
    "cpio",
    "zstd",
    "kmod", // ramdisks
];

/// What Keystone, Neutron and its agents need besides.
pub const NEUTRON: &[&str] =
    &["postgresql-15", "rabbitmq-server", "dnsmasq-utils", "iptables", "openssh-server", "openssh-client"];

/// The database servers that the store is tested on.
pub const DATABASES: &[&str] = &["postgresql-15", "mariadb-server"];

/// What the tests that kill the binary watch it with.
pub const CRASH: &[&str] = &["strace"];

const POLICY: &str = "/usr/sbin/policy-rc.d";
/// The comment in it tells a policy that a killed set-up left behind from the machine's own.
const NO_SERVICES: &str = "#!/bin/sh\n# by Assay's task runner, while it installs packages\nexit 101\n";
const UNATTENDED: [(&str, &str); 2] = [("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C")];
const WAIT_FOR_LOCK: &str = "DPkg::Lock::Timeout=300";

/// Installs those of `packages` that are missing.
pub fn install(project: &Project, packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !installed(package)).collect();
    interrupt::check()?;
    if missing.is_empty() {
        return Ok(());
    }
    demand_debian_12()?;
    refresh(project)?;
    ui::step(&format!("Debian packages: {} to install", missing.len()), || {
        let _quiet = NoServices::begin()?;
        let log = project.log("apt install")?;
        // One that was killed in the middle leaves packages unpacked and not configured, and apt refuses to go on.
        command::quiet_to_the_end(Command::new("dpkg").args(["--configure", "-a"]).envs(UNATTENDED), &log)?;
        let mut apt = apt_get();
        apt.args(["install", "-y", "-q", "--no-install-recommends", "--allow-downgrades"]);
        apt.args(with_versions(&missing));
        command::quiet_to_the_end(&mut apt, &log)
    })
}

/// Reads the package lists anew, once a run.
pub fn refresh(project: &Project) -> Result<()> {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_some() {
        return Ok(());
    }
    ui::step("Debian package lists", || command::quiet(apt_get().args(["update", "-q"]), &project.log("apt update")?))?;
    DONE.get_or_init(|| ());
    Ok(())
}

/// Downloads one package into `folder` without installing it, and unpacks it to `folder/name`.
pub fn unpack(project: &Project, package: &str, folder: &Path) -> Result<()> {
    refresh(project)?;
    let log = project.log("apt download")?;
    let debs = folder.join("debs");
    fs::create_dir_all(&debs)?;
    // apt drops its rights to the user `_apt`, who must be able to write here; root's own download is as good.
    command::quiet(
        apt_get().args(["-o", "APT::Sandbox::User=root", "download", "-q", package]).current_dir(&debs),
        &log,
    )?;
    let deb = fs::read_dir(&debs)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{package}_"))))
        .with_context(|| format!("apt downloaded no {package}"))?;
    command::output(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(folder))?;
    fs::remove_dir_all(&debs)?;
    Ok(())
}

fn installed(package: &str) -> bool {
    command::output_uninterrupted(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Abbrev}", package]))
        .is_ok_and(|status| status.starts_with("ii"))
}

/// A backported qemu-utils breaks Debian 12's QEMU: where QEMU is missing, both are asked for in QEMU's upstream version.
fn with_versions(missing: &[&str]) -> Vec<String> {
    let mut wanted: Vec<String> = missing.iter().map(ToString::to_string).collect();
    if let Some(version) = missing.contains(&"qemu-system-x86").then(|| candidate("qemu-system-x86")).flatten() {
        wanted.retain(|package| package != "qemu-utils");
        wanted.push(format!("qemu-utils={version}"));
    }
    wanted
}

fn candidate(package: &str) -> Option<String> {
    let policy = command::output(Command::new("apt-cache").args(["policy", package])).ok()?;
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    line.split('+').next().map(|upstream| format!("{upstream}*"))
}

fn demand_debian_12() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !release.contains("VERSION_CODENAME=bookworm") {
        bail!("the lab's packages are those of Debian 12 (bookworm); /etc/os-release names another system");
    }
    Ok(())
}

fn apt_get() -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(["-o", WAIT_FOR_LOCK]).envs(UNATTENDED);
    apt
}

/// While it lives, a package that is installed starts no service: the lab starts what it needs, by itself.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn begin() -> Result<Self> {
        let ours = fs::read_to_string(POLICY).map_or(true, |policy| policy == NO_SERVICES);
        if ours {
            write(Path::new(POLICY), NO_SERVICES)?;
            fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { ours })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            fs::remove_file(POLICY).ok();
        }
    }
}
