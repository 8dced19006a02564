//! The folder that holds the cached images, each under its key.
//!
//! **Invariant:** a file with a key's name is whole: it was written under another name, synced and
//! renamed.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

/// How files begin that are not whole yet.
const PARTIAL: &str = ".partial-";

struct Entry {
    size: u64,
    used: Instant,
}

/// The folder and what is in it.
pub struct Folder {
    path: PathBuf,
    limit: u64,
    keep: Duration,
    entries: Mutex<HashMap<String, Entry>>,
}

/// A file in the making; it goes when nobody adopts it.
pub struct Partial {
    /// Where it is written.
    pub path: PathBuf,
}

impl Drop for Partial {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

impl Folder {
    /// Opens the folder, made if absent. What an earlier process left half done is removed; what it
    /// left whole counts as used just now, since a run may be booting from it.
    pub fn open(path: PathBuf, limit: u64, keep: Duration) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let mut entries = HashMap::new();
        for file in fs::read_dir(&path)? {
            let file = file?;
            match file.file_name().into_string() {
                Ok(name) if name.starts_with(PARTIAL) => fs::remove_file(file.path())?,
                Ok(name) if is_key(&name) => {
                    entries.insert(name, Entry { size: file.metadata()?.len(), used: Instant::now() });
                }
                _ => {}
            }
        }
        Ok(Self { path, limit, keep, entries: Mutex::new(entries) })
    }

    /// The file of `key`, which counts as used now.
    pub fn find(&self, key: &str) -> Option<PathBuf> {
        let mut entries = self.entries();
        let path = self.path.join(key);
        if !path.is_file() {
            entries.remove(key);
            return None;
        }
        entries.get_mut(key)?.used = Instant::now();
        Some(path)
    }

    /// The version of a source that was used last.
    pub fn last_used(&self, prefix: &str) -> Option<String> {
        let entries = self.entries();
        let versions = entries.iter().filter(|(key, _)| key.starts_with(prefix));
        versions.max_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
    }

    /// Makes room for `bytes` by removing what was not used for longest. What was used within the
    /// time to keep may be in a machine's boot script, and stays.
    pub fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut entries = self.entries();
        while entries.values().map(|entry| entry.size).sum::<u64>().saturating_add(bytes) > self.limit {
            let idle = entries.iter().filter(|(_, entry)| entry.used.elapsed() >= self.keep);
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else {
                return Err(io::Error::other(format!(
                    "the image cache holds {} MiB at most, all of it in use",
                    self.limit >> 20
                )));
            };
            fs::remove_file(self.path.join(&oldest))
                .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
            entries.remove(&oldest);
        }
        Ok(())
    }

    /// The most that a single image may have.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// A new name to write to.
    pub fn partial(&self) -> Partial {
        Partial { path: self.path.join(format!("{PARTIAL}{}", Uuid::new_v4().simple())) }
    }

    /// Makes a whole file the image of `key`.
    pub fn adopt(&self, partial: &Partial, key: &str) -> io::Result<()> {
        let file = File::open(&partial.path)?;
        file.sync_all()?;
        let size = file.metadata()?.len();
        fs::rename(&partial.path, self.path.join(key))?;
        sync_folder(&self.path)?;
        self.entries().insert(key.to_owned(), Entry { size, used: Instant::now() });
        Ok(())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn is_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
