//! Memory and processor time of the binary, as the kernel counts them.

use anyhow::Context as _;

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
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time used so far, in seconds.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name may hold spaces; user and system time are the 12th and 13th field after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| -> anyhow::Result<f64> { Ok(fields.get(at).context("short stat")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / TICKS)
    }
}
