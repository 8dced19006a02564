//! The real-machine lab: a switch, emulated machines with Redfish BMCs, and a segment on which Assay serves them.
//!
//! Everything lives in one network namespace and one folder below `/run/assay-lab`, both named after the lab, so that labs run
//! side by side and no packet leaves. **Invariant**: what a lab starts is written down in its folder before it is used, and
//! [`down`] needs nothing but that folder; the guard, `lab down` and the clean-up of an abandoned lab are that one path.

pub mod bmc;
pub mod http;
mod hypervisor;
pub mod inhabitants;
pub mod inspector;
pub mod ipmi;
pub mod machine;
pub mod mariadb;
pub mod neutron;
pub mod postgresql;
pub mod power;
mod processes;
pub mod ramdisk;
pub mod segment;
mod switch;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::command;
use crate::lab::machine::Machine;
use crate::project::{Project, write};
use crate::stamp;
use crate::ui;

/// Where all labs of this computer keep their run-time state; short, for the sake of Unix socket paths.
const LABS: &str = "/run/assay-lab";
/// The address of the switch on the management segment, where the BMCs answer.
pub const MANAGEMENT: &str = "172.22.10.1";
/// The address of the switch on the inspection segment, where Assay serves DHCP, TFTP and HTTP.
pub const INSPECTION: &str = "172.22.100.1";
/// The interface on the inspection segment.
pub const INSPECTION_INTERFACE: &str = "insp0";
/// The leases that Assay may give.
pub const INSPECTION_RANGE: &str = "172.22.100.50,172.22.100.199";
/// The VLAN of the inspection segment.
pub const INSPECTION_TAG: u16 = 100;
/// Where the Redfish BMCs of the machines are.
pub const REDFISH: &str = "http://172.22.10.1:8000";

/// A running lab; it is taken down when this value ends, unless it is [kept](Lab::keep).
#[derive(Debug)]
pub struct Lab {
    /// The lab's name, unique on this computer; also the name of its network namespace.
    pub name: String,
    /// Its run-time state: sockets, logs, disks, consoles.
    pub folder: PathBuf,
    /// Its machines, powered off at first.
    pub machines: Vec<Machine>,
    kept: bool,
}

impl Lab {
    /// Brings up a lab with these machines.
    pub fn up(project: &Project, machines: Vec<Machine>) -> Result<Self> {
        sweep()?;
        let name = unique_name();
        let folder = folder_of(&name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let lab = Self { name, folder, machines, kept: false };
        processes::record_owner(&lab.folder)?;
        lab.ip(&["netns", "add", &lab.name])?;
        lab.ip(&["-n", &lab.name, "link", "set", "lo", "up"])?;
        switch::up(&lab)?;
        hypervisor::up(project, &lab)?;
        bmc::up(project, &lab)?;
        Ok(lab)
    }

    /// Lets the lab stay up when the task runner ends; `cargo xtask lab down` takes it down.
    pub fn keep(mut self) -> Result<()> {
        self.kept = true;
        processes::forget_owner(&self.folder)
    }

    /// A program inside the lab's network.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program).env(inhabitants::MARK, &self.name);
        command
    }

    /// Starts a program inside the lab's network, with its output in the file `name.log` of the lab's folder; it runs until
    /// the lab goes down.
    pub fn start(&self, name: &str, command: &mut Command) -> Result<()> {
        processes::start(&self.folder, name, command)
    }

    /// Stops a program that was [started](Lab::start) under this name.
    pub fn stop(&self, name: &str) {
        processes::stop(&self.folder, name);
    }

    /// Kills a program that was [started](Lab::start) under this name, as `kill -9` does.
    pub fn kill(&self, name: &str) {
        processes::kill(&self.folder, name);
    }

    /// Whether the program of this name runs.
    pub fn runs(&self, name: &str) -> bool {
        processes::runs(&self.folder, name)
    }

    /// The process of the program of this name.
    pub fn process(&self, name: &str) -> Result<i32> {
        processes::id(&self.folder, name)
    }

    /// The most memory that the program of this name has held, in KiB.
    pub fn peak_memory(&self, name: &str) -> Result<u64> {
        processes::peak_memory(&self.folder, name)
    }

    /// The output of the program of this name.
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Copies the logs and consoles to the cache, for whoever looks for the cause of a failure.
    pub fn save_logs(&self, project: &Project, step: &str) -> Result<PathBuf> {
        let copy = project.log(step)?.with_extension("lab");
        stamp::remove(&copy)?;
        fs::create_dir_all(&copy)?;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                fs::copy(entry.path(), copy.join(entry.file_name()))?;
            }
        }
        Ok(copy)
    }

    /// What somebody who works in the lab by hand must know.
    pub fn guide(&self) -> String {
        let machines: String = self
            .machines
            .iter()
            .map(|machine| {
                format!(
                    "    {} {:?}: MAC {}, system {}\n",
                    machine.name,
                    machine.firmware,
                    machine.mac(),
                    machine.uuid()
                )
            })
            .collect();
        format!(
            "\n  lab {name}\n{machines}  Redfish  {REDFISH}, user {}, password {}\n  segment  {INSPECTION_INTERFACE}, {INSPECTION}/24\n  \
             enter    ip netns exec {name} bash\n  files    {}\n",
            bmc::USER,
            bmc::PASSWORD,
            self.folder.display(),
            name = self.name,
        )
    }

    fn ip(&self, arguments: &[&str]) -> Result<()> {
        command::output(Command::new("ip").args(arguments)).map(drop)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if !self.kept {
            down(&self.folder);
        }
    }
}

/// Takes down every lab of this computer that nobody uses, or with `all` also those that were kept; gives how many.
pub fn take_down(all: bool) -> Result<usize> {
    let mut count = 0;
    for folder in labs()? {
        if processes::abandoned(&folder) || (all && !processes::owned(&folder)) {
            down(&folder);
            count += 1;
        }
    }
    Ok(count)
}

fn sweep() -> Result<()> {
    let count = take_down(false)?;
    if count > 0 {
        ui::say(&format!("  took down {count} abandoned lab(s)"));
    }
    Ok(())
}

fn labs() -> Result<Vec<PathBuf>> {
    match fs::read_dir(LABS) {
        Ok(entries) => Ok(entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn down(folder: &Path) {
    processes::stop_all(folder);
    if let Some(name) = folder.file_name().and_then(OsStr::to_str) {
        inhabitants::stop(name);
        command::output_uninterrupted(Command::new("ip").args(["netns", "del"]).arg(name)).ok();
    }
    stamp::remove(folder).ok();
}

/// Names are unique by our pid, and by a count for the labs of one run; a lab that was kept may hold the name of a pid of old.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    loop {
        let name = name_of(std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        if !folder_of(&name).exists() {
            return name;
        }
    }
}

/// The name of a task runner's lab.
pub fn name_of(pid: u32, count: u32) -> String {
    format!("assay-{pid}-{count}")
}

/// The folder of the lab of this name.
pub fn folder_of(name: &str) -> PathBuf {
    Path::new(LABS).join(name)
}

fn conf(lab: &Lab, name: &str, text: &str) -> Result<PathBuf> {
    let path = lab.folder.join(name);
    write(&path, text)?;
    Ok(path)
}
