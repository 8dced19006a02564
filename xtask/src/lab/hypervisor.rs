//! libvirtd, run by hand with folders of its own mounted over the system's in a mount namespace: it sees no machine of this
//! computer's libvirt, and that one sees none of ours.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::processes;
use super::{Lab, conf};
use crate::command;
use crate::interrupt::wait_for;
use crate::project::write;

const OWN: &[(&str, &str)] = &[
    ("etc", "/etc/libvirt"),
    ("lib", "/var/lib/libvirt"),
    ("run", "/run/libvirt"),
    ("log", "/var/log/libvirt"),
    ("cache", "/var/cache/libvirt"),
];
/// `stdio_handler = "file"` spares virtlogd; the rest spares users, control groups and security modules.
const QEMU: &str = "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\n\
                    stdio_handler = \"file\"\ncgroup_controllers = []\nnamespaces = []\n";
const NO_AUTHENTICATION: &str = "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\n";

/// Starts libvirtd, and defines the lab's machines.
pub fn up(lab: &Lab) -> Result<()> {
    let mut script = String::from("set -e\n");
    for (own, system) in OWN {
        let own = lab.folder.join("libvirt").join(own);
        fs::create_dir_all(&own)?;
        fs::create_dir_all(system)?;
        script.push_str(&format!("mount --bind '{}' {system}\n", own.display()));
    }
    write(&lab.folder.join("libvirt/etc/libvirtd.conf"), NO_AUTHENTICATION)?;
    write(&lab.folder.join("libvirt/etc/qemu.conf"), QEMU)?;
    script.push_str("exec libvirtd");
    lab.start("libvirtd", lab.command("sh").args(["-c", &script]))?;
    wait_for("libvirtd", Duration::from_secs(30), || Ok(virsh(lab, &["version"]).ok()))?;
    storage_pool(lab)?;
    for machine in &lab.machines {
        let disk = lab.folder.join(format!("{}.qcow2", machine.name));
        command::output(Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("20G"))?;
        let xml = conf(lab, &format!("{}.xml", machine.name), &machine.xml(&lab.folder))?;
        virsh(lab, &["define", &xml.to_string_lossy()])?;
    }
    Ok(())
}

/// How libvirt's clients find this libvirtd.
pub fn uri(lab: &Lab) -> String {
    format!("qemu+unix:///system?socket={}/libvirt/run/libvirt-sock", lab.folder.display())
}

/// Stops the machines of a lab whose libvirtd is gone.
pub fn stop_machines(folder: &Path) {
    for entry in fs::read_dir(folder.join("libvirt/run/qemu")).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "pid") {
            processes::stop_foreign(&entry.path(), "qemu-system");
        }
    }
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
