//! The file lock beside a SQLite database: one process at a time.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::StoreError;

/// Holds the lock until it is dropped or the process ends.
pub struct DatabaseLock {
    _file: File,
}

/// How often and how long the lock is tried for: a process that is just ending may still hold it.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock of `database`.
pub async fn acquire(database: &Path) -> Result<DatabaseLock, StoreError> {
    let path = lock_path(database);
    let file = File::create(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(DatabaseLock { _file: file }),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(source)) => return Err(StoreError::Io { path, source }),
        }
    }
    Err(StoreError::InUse(database.to_owned()))
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
