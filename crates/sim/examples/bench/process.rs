//! Memory and processor time of a server, as the kernel counts them.

use std::{
    collections::HashMap,
    fs::{self, DirEntry},
};

use anyhow::{Context as _, ensure};

/// Reads `/proc/<pid>`.
pub struct Meter(u32);

/// `USER_HZ`: Linux gives times to user space in hundredths of a second on every architecture we run on.
const TICKS: f64 = 100.0;

impl Meter {
    /// Of the process with this id.
    pub const fn of(process: u32) -> Self {
        Self(process)
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> anyhow::Result<f64> {
        self.status("VmRSS:")
    }

    /// The most resident memory since the process started, in MiB.
    pub fn peak(&self) -> anyhow::Result<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time used so far, in seconds, with that of the processes below it.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let all: HashMap<u32, Stat> = fs::read_dir("/proc")?.filter_map(|entry| Stat::read(&entry.ok()?)).collect();
        ensure!(all.contains_key(&self.0), "the process {} has ended", self.0);
        let mut family = vec![self.0];
        let mut ticks = 0;
        while let Some(parent) = family.pop() {
            ticks += all.get(&parent).map_or(0, |stat| stat.ticks);
            family.extend(all.iter().filter(|(_, stat)| stat.parent == parent).map(|(id, _)| *id));
        }
        Ok(f64::from(ticks) / TICKS)
    }
}

/// What `/proc/<pid>/stat` says of a process.
struct Stat {
    parent: u32,
    ticks: u32,
}

impl Stat {
    /// Nothing for what is not a process, or has just ended.
    fn read(entry: &DirEntry) -> Option<(u32, Self)> {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may hold spaces; after it come state and parent, and as 12th and 13th field user and system time.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
        Some((id, Self { parent: number(1)?, ticks: number(11)? + number(12)? }))
    }
}
