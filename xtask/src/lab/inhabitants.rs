//! Every process that lives in a lab, whoever started it: the emulated machines are libvirt's children, not ours, and a program
//! that was interrupted may have left some of its own.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::processes;

/// Where `ip netns` keeps the namespaces that have a name.
const NAMESPACES: &str = "/run/netns";

/// The variable that each program of a lab inherits: a DHCP server of Neutron lives in a network namespace of its own.
pub const MARK: &str = "ASSAY_LAB";

/// A network namespace as the kernel knows it, also when its name is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace(u64);

/// The network namespace of this name, while it has one.
pub fn namespace(name: &str) -> Option<Namespace> {
    namespace_at(&Path::new(NAMESPACES).join(name))
}

/// The processes in a network namespace, and those that were started from it and carry the lab's mark.
pub fn of(name: &str, namespace: Option<Namespace>) -> Vec<i32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let own = namespace_at(&PathBuf::from(format!("/proc/{pid}/ns/net")));
            (own.is_some() && own == namespace) || marked(*pid, name)
        })
        .collect()
}

/// Stops all that lives in the lab of this name.
pub fn stop(name: &str) {
    let namespace = namespace(name);
    // Who is stopped may just have started another one.
    for _ in 0..3 {
        let pids = of(name, namespace);
        if pids.is_empty() {
            return;
        }
        processes::stop_these(&pids);
    }
}

fn marked(pid: i32, name: &str) -> bool {
    let mark = format!("{MARK}={name}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

fn namespace_at(path: &Path) -> Option<Namespace> {
    fs::metadata(path).ok().map(|file| Namespace(file.ino()))
}
