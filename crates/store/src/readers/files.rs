//! The connections that read a SQLite file: as many as there are threads that read at the same moment.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sea_orm::Statement;

use crate::{
    Fault,
    database::{Access, File},
    row::FromRow,
};

/// The connections of one file.
pub struct Files {
    path: PathBuf,
    idle: Mutex<Vec<File>>,
}

impl Files {
    /// Opens the first of them.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let first = File::open(path, Access::Read)?;
        Ok(Self { path: path.to_owned(), idle: Mutex::new(vec![first]) })
    }

    pub fn query<T: FromRow>(&self, statement: &Statement) -> Result<Vec<T>, Fault> {
        let idle = self.idle().pop();
        let file = idle.map_or_else(|| File::open(&self.path, Access::Read), Ok)?;
        let found = file.query(statement);
        self.idle().push(file);
        found
    }

    fn idle(&self) -> MutexGuard<'_, Vec<File>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
