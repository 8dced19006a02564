//! libvirtd, run by hand with folders of its own mounted over the system's in a mount namespace: it sees no machine of this
//! computer's libvirt, and that one sees none of ours.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::{Lab, conf};
use crate::command;
use crate::interrupt::wait_for;
use crate::project::{Project, write};

const OWN: &[(&str, &str)] =
    &[("etc", "/etc/libvirt"), ("lib", "/var/lib/libvirt"), ("run", "/run/libvirt"), ("log", "/var/log/libvirt")];
/// `stdio_handler = "file"` spares virtlogd; the rest spares users, control groups and security modules.
const QEMU: &str = "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\n\
                    stdio_handler = \"file\"\ncgroup_controllers = []\nnamespaces = []\n";
const NO_AUTHENTICATION: &str = "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\n";

/// What libvirtd finds out about QEMU takes it eight seconds, so that all labs share where it notes it.
const SHARED: &str = "/var/cache/libvirt";

/// Starts libvirtd, and defines the lab's machines.
pub fn up(project: &Project, lab: &Lab) -> Result<()> {
    write_settings(lab)?;
    let mut script = String::from("set -e\n");
    for (own, system) in OWN {
        mount(&mut script, &lab.folder.join("libvirt").join(own), system)?;
    }
    mount(&mut script, &project.cache.join("libvirt"), SHARED)?;
    // Its pid file is locked; the default one would make every other lab wait.
    writeln!(script, "exec libvirtd --pid-file '{}'", lab.folder.join("libvirtd.pid").display())?;
    lab.start("libvirtd", lab.command("sh").args(["-c", &script]))?;
    wait_for("libvirtd", Duration::from_secs(60), || Ok(virsh(lab, &["version"]).ok()))?;
    storage_pool(lab)?;
    for machine in &lab.machines {
        let disk = lab.folder.join(format!("{}.qcow2", machine.name));
        command::output(Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("20G"))?;
        let xml = conf(lab, &format!("{}.xml", machine.name), &machine.xml(&lab.folder))?;
        virsh(lab, &["define", &xml.to_string_lossy()])?;
    }
    Ok(())
}

fn write_settings(lab: &Lab) -> Result<()> {
    let folder = lab.folder.join("libvirt/etc");
    fs::create_dir_all(&folder)?;
    write(&folder.join("libvirtd.conf"), NO_AUTHENTICATION)?;
    write(&folder.join("qemu.conf"), QEMU)
}

/// Adds the mount of `own` over libvirt's folder to the script; both exist then.
fn mount(script: &mut String, own: &Path, system: &str) -> Result<()> {
    fs::create_dir_all(own)?;
    fs::create_dir_all(system)?;
    writeln!(script, "mount --bind '{}' {system}", own.display())?;
    Ok(())
}

/// How libvirt's clients find this libvirtd.
pub fn uri(lab: &Lab) -> String {
    format!("qemu+unix:///system?socket={}/libvirt/run/libvirt-sock", lab.folder.display())
}

/// The BMC emulator keeps inserted media in a pool of this name.
fn storage_pool(lab: &Lab) -> Result<()> {
    let media = lab.folder.join("media");
    fs::create_dir_all(&media)?;
    virsh(lab, &["pool-define-as", "default", "dir", "--target", &media.to_string_lossy()])?;
    virsh(lab, &["pool-start", "default"])
}

fn virsh(lab: &Lab, arguments: &[&str]) -> Result<()> {
    command::output(Command::new("virsh").args(["-q", "-c", &uri(lab)]).args(arguments)).map(drop)
}
