//! The binary with a folder and ports of its own: started, killed, started again.

use std::{
    fs::File,
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The ports that the binary listens on, all on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// Bare metal API.
    pub api: u16,
    /// Introspection API.
    pub introspection: u16,
    /// Boot files and callbacks over HTTP.
    pub boot: u16,
    /// TFTP.
    pub tftp: u16,
    /// Health and metrics.
    pub operations: u16,
}

/// A folder, ports and options for the binary. Options are environment variables of the form
/// `OS_<GROUP>__<OPTION>`.
pub struct Installation {
    /// The ports.
    pub ports: Ports,
    binary: PathBuf,
    folder: TempDir,
    options: Vec<(String, String)>,
}

/// The running binary; killed when it is dropped.
pub struct Process(Child);

const LOADERS: [&str; 4] = ["undionly.kpxe", "snponly.efi", "ipxe.efi", "pxelinux.0"];

impl Installation {
    /// A new folder with a kernel, a ramdisk and boot loaders in it, and free ports.
    ///
    /// # Errors
    /// There is no such binary, no port is free, or the folder can't be written.
    pub fn create(binary: &Path, options: &[(&str, String)]) -> anyhow::Result<Self> {
        let binary = binary.canonicalize().with_context(|| format!("{} is not there", binary.display()))?;
        let folder = TempDir::with_prefix("assay-test-")?;
        for (name, bytes) in [("kernel", 1 << 20), ("ramdisk", 2 << 20)] {
            write(&folder.path().join("state/images").join(name), &vec![b'k'; bytes])?;
        }
        for name in LOADERS {
            write(&folder.path().join("loaders").join(name), name.as_bytes())?;
        }
        let ports = Ports {
            api: free_port()?,
            introspection: free_port()?,
            boot: free_port()?,
            tftp: free_port()?,
            operations: free_port()?,
        };
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Ok(Self { ports, binary, folder, options })
    }

    /// Starts the binary, with more environment variables.
    ///
    /// # Errors
    /// It can't be started.
    pub fn spawn(&self, environment: &[(&str, &str)]) -> anyhow::Result<Process> {
        let log = File::options().create(true).append(true).open(self.path("log"))?;
        let child = Command::new(&self.binary)
            .arg("serve")
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            .envs(self.own_options())
            .envs(self.options.iter().map(|(name, value)| (name, value)))
            .envs(environment.iter().copied())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("can't start {}", self.binary.display()))?;
        Ok(Process(child))
    }

    fn own_options(&self) -> Vec<(&'static str, String)> {
        let path = |name| self.path(name).display().to_string();
        let Ports { api, introspection, boot, tftp, operations } = self.ports;
        vec![
            ("OS_ASSAY__STATE_PATH", path("state")),
            ("OS_ASSAY__LOADER_DIR", path("loaders")),
            ("OS_ASSAY__BOOT_ADDRESS", "127.0.0.1".into()),
            ("OS_ASSAY__BOOT_PORT", boot.to_string()),
            ("OS_ASSAY__TFTP_PORT", tftp.to_string()),
            ("OS_ASSAY__OPS_PORT", operations.to_string()),
            ("OS_API__HOST_IP", "127.0.0.1".into()),
            ("OS_API__PORT", api.to_string()),
            ("OS_INSPECTOR_SERVICE__LISTEN_ADDRESS", "127.0.0.1".into()),
            ("OS_INSPECTOR_SERVICE__LISTEN_PORT", introspection.to_string()),
        ]
    }

    /// A path in the folder; `state` is the binary's `state_path`.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An image as an href for `driver_info`.
    #[must_use]
    pub fn image(&self, name: &str) -> String {
        format!("file://{}", self.path("state/images").join(name).display())
    }

    /// The boot listener.
    #[must_use]
    pub fn boot_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.boot)
    }

    /// The last lines of what the binary printed.
    #[must_use]
    pub fn log_tail(&self, lines: usize) -> String {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Process {
    /// The process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.0.id()
    }

    /// `kill -9`, and waits until the process is gone.
    ///
    /// # Errors
    /// It had ended by itself.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.0.try_wait()? {
            anyhow::bail!("the binary had ended by itself: {status}");
        }
        Ok(self.0.kill().await?)
    }

    /// Asks the process to stop, and waits until it has.
    ///
    /// # Errors
    /// It does not stop in time, or not well.
    pub async fn stop(mut self, deadline: Duration) -> anyhow::Result<()> {
        let id = self.0.id().context("the binary had ended by itself")?;
        let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        anyhow::ensure!(asked.success(), "no signal could be sent: {asked}");
        let ended = tokio::time::timeout(deadline, self.0.wait()).await.context("the binary does not stop")??;
        anyhow::ensure!(ended.success(), "the binary stopped with {ended}");
        Ok(())
    }

    /// What each of its threads waits for, as the kernel tells it, for the text of an error.
    #[must_use]
    pub fn threads(&self) -> String {
        let tasks = self.0.id().and_then(|id| std::fs::read_dir(format!("/proc/{id}/task")).ok());
        let thread = |entry: std::fs::DirEntry| {
            let [name, wait, call] = ["comm", "wchan", "syscall"]
                .map(|file| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default().trim().to_owned());
            format!("{name}: {wait} {call}")
        };
        tasks.into_iter().flatten().flatten().map(thread).collect::<Vec<_>>().join("\n")
    }

    /// The exit status, if the process has ended.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Waits for the file, which the binary makes at a pause point.
    ///
    /// # Errors
    /// It did not come, or the process has ended.
    pub async fn wait_for_file(&mut self, file: &Path, deadline: Duration) -> anyhow::Result<()> {
        let wait = async {
            while !file.exists() {
                if let Some(status) = self.ended() {
                    anyhow::bail!("the binary has ended: {status}");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        tokio::time::timeout(deadline, wait).await.with_context(|| format!("no {}", file.display()))?
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}

/// A port that is free for TCP and UDP, from below the range that the kernel gives away, so that
/// it is still free when the binary takes it. Processes start at different places.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    // Processes that were started one after the other begin far apart.
    let offset = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let port = FIRST + (offset + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
