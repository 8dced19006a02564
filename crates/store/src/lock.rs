//! The file lock beside a SQLite database: one process at a time.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::StoreError;

/// Holds the lock until it is dropped or the process ends.
pub struct DatabaseLock {
    _file: File,
}

/// Takes the lock of `database`, at once or not at all.
pub fn acquire(database: &Path) -> Result<DatabaseLock, StoreError> {
    let path = lock_path(database);
    let file = File::create(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(DatabaseLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
