//! Where the checkout and its one cache folder are.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::interrupt;
use crate::ui;

/// The checkout that this task runner belongs to.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Everything that was downloaded or built for the lab; safe to remove, `cargo xtask setup` makes it again.
    pub cache: PathBuf,
}

impl Project {
    /// Finds the checkout, and makes its cache folder (`ASSAY_CACHE`, else `.cache`).
    pub fn find() -> Result<Self> {
        let here =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = here.parent().context("xtask stands in no checkout")?.to_path_buf();
        let cache = env::var_os("ASSAY_CACHE").map_or_else(|| root.join(".cache"), PathBuf::from);
        fs::create_dir_all(&cache).with_context(|| format!("cannot make the cache folder {}", cache.display()))?;
        Ok(Self { root, cache })
    }

    /// A data file of the lab, by its path below `lab/`.
    pub fn lab_file(&self, name: &str) -> PathBuf {
        self.root.join("lab").join(name)
    }

    /// The log file of a step; its folder exists.
    pub fn log(&self, step: &str) -> Result<PathBuf> {
        let folder = self.cache.join("logs");
        fs::create_dir_all(&folder)?;
        Ok(folder.join(format!("{}.log", step.replace([' ', '/', ':'], "-"))))
    }

    /// Waits until no other task runner changes the cache; the lock ends with the value, or with this process.
    pub fn lock(&self) -> Result<File> {
        let path = self.cache.join("lock");
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut waited = false;
        while let Err(error) = file.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(error).context("cannot lock the cache folder");
            }
            if !waited {
                let holder = read(&path)?;
                ui::say(&format!("  waiting for process {}, which sets up {}", holder.trim(), self.cache.display()));
                waited = true;
            }
            interrupt::sleep(Duration::from_millis(100))?;
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(file)
    }

    /// Cargo, in this checkout.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }
}

/// Reads a file, naming it when that fails.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file, naming it when that fails.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
