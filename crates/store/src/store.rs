//! The handle: opening a database, and the ways to read and write it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use assay_core::callback::InstanceKey;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, TransactionTrait as _};

use crate::{
    Conn, StoreError, Tx,
    conn::Db,
    dialect, keyfile,
    lock::{self, DatabaseLock},
    meta::{self, Meta},
    migration,
    readers::Readers,
    seal::Sealer,
    writer::Writer,
};

/// Connections for reading; SQLite serves them side by side with the writer.
const READERS: usize = 4;

/// An open database. Cheap to clone. When the last clone is dropped, the writes that still wait are
/// committed, and then the database is closed.
#[derive(Clone)]
pub struct Store {
    readers: Arc<Readers>,
    writer: Writer,
    sealer: Arc<Sealer>,
    key: InstanceKey,
    instance: Arc<str>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the SQLite file `database`, sealed with the key in `key_file`. Both are made if the
    /// database does not exist yet; a new database gets its schema at once.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Foreign`], [`StoreError::Newer`],
    /// [`StoreError::Older`], one of the `Key…` errors, or what system and database answer.
    pub async fn open(database: &Path, key_file: &Path) -> Result<Self, StoreError> {
        let opening = Opening::start(database, key_file).await?;
        match &opening.found {
            Some(meta) if meta.schema < migration::VERSION => {
                Err(StoreError::Older { path: database.to_owned(), found: meta.schema, known: migration::VERSION })
            }
            _ => opening.finish().await,
        }
    }

    /// Like [`open`](Self::open), but brings an older schema up to date first (`assay db upgrade`).
    ///
    /// # Errors
    /// As [`open`](Self::open), except [`StoreError::Older`].
    pub async fn upgrade(database: &Path, key_file: &Path) -> Result<Self, StoreError> {
        Opening::start(database, key_file).await?.finish().await
    }

    /// A connection for reading. Each statement sees what was committed before it.
    #[must_use]
    pub fn read(&self) -> Conn<'_> {
        Conn { db: Db::Readers(&self.readers), sealer: &self.sealer }
    }

    /// Runs `work` in a transaction; when this returns `Ok`, it is committed and on disk. An `Err`
    /// from `work` takes back all that it wrote. `work` must await nothing but the store.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Commit`], [`StoreError::TakenBack`],
    /// [`StoreError::Closed`]: nothing was written.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// The instance key, from which callback secrets are derived.
    #[must_use]
    pub fn key(&self) -> &InstanceKey {
        &self.key
    }

    /// The eight characters that mark what this installation made in other services.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }
}

/// A database that was looked at and may be opened.
struct Opening {
    database: PathBuf,
    key_file: PathBuf,
    lock: DatabaseLock,
    db: DatabaseConnection,
    /// `None`: the database is empty.
    found: Option<Meta>,
}

impl Opening {
    async fn start(database: &Path, key_file: &Path) -> Result<Self, StoreError> {
        let lock = lock::acquire(database).await?;
        let db = dialect::open_writer(database).await?;
        let found = look_at(&db, database).await?;
        Ok(Self { database: database.to_owned(), key_file: key_file.to_owned(), lock, db, found })
    }

    async fn finish(self) -> Result<Store, StoreError> {
        let key = self.key()?;
        let transaction = self.db.begin().await?;
        migration::up(&transaction).await?;
        let meta = meta::settle(&transaction, &key, migration::VERSION).await?;
        transaction.commit().await?;
        let sealer = Arc::new(Sealer::from(&key));
        let readers = Arc::new(Readers::open(&self.database, READERS).await?);
        Ok(Store {
            readers,
            writer: Writer::start(self.db, sealer.clone(), self.lock),
            sealer,
            key,
            instance: meta.instance.into(),
        })
    }

    /// An empty database takes any key; one in use only the one that it was made with.
    fn key(&self) -> Result<InstanceKey, StoreError> {
        let key = keyfile::read(&self.key_file)?;
        match (&self.found, key) {
            (None, Some(key)) => Ok(key),
            (None, None) => keyfile::create(&self.key_file),
            (Some(_), None) => Err(StoreError::KeyLost(self.key_file.clone())),
            (Some(meta), Some(key)) if meta.fits(&key) => Ok(key),
            (Some(_), Some(_)) => Err(StoreError::KeyWrong(self.key_file.clone())),
        }
    }
}

/// Whose database it is. `None`: nobody's yet.
async fn look_at(db: &DatabaseConnection, path: &Path) -> Result<Option<Meta>, StoreError> {
    let tables = dialect::tables(db).await?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !tables.iter().any(|table| table == meta::TABLE) {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    match meta::find(db).await? {
        None => Err(StoreError::Foreign(path.to_owned())),
        Some(meta) if meta.schema > migration::VERSION => {
            Err(StoreError::Newer { path: path.to_owned(), found: meta.schema, known: migration::VERSION })
        }
        meta => Ok(meta),
    }
}
