//! The handle: opening a database, and the ways to read and write it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use assay_core::callback::InstanceKey;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, TransactionTrait as _};

use crate::{
    Conn, Database, StoreError, Tx, dialect, keyfile,
    lock::DatabaseLock,
    meta::{self, Meta},
    migration,
    readers::Readers,
    seal::Sealer,
    writer::Writer,
};

/// An open database. Cheap to clone. When the last clone is dropped, the writes that still wait are
/// committed, and then the database is closed.
#[derive(Clone)]
pub struct Store {
    readers: Arc<Readers>,
    writer: Writer,
    sealer: Arc<Sealer>,
    key: InstanceKey,
    instance: Arc<str>,
    shared: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, sealed with the key in `key_file`. A file and its key are made if they do
    /// not exist yet; an empty database gets its schema at once.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::InUse`], [`StoreError::Foreign`], [`StoreError::Newer`],
    /// [`StoreError::Older`], one of the `Key…` errors, or what system and database answer.
    pub async fn open(database: &Database, key_file: &Path) -> Result<Self, StoreError> {
        let opening = Opening::start(database, key_file).await?;
        match &opening.found {
            Some(meta) if meta.schema < migration::VERSION => {
                Err(StoreError::Older { database: database.to_string(), found: meta.schema, known: migration::VERSION })
            }
            _ => opening.finish().await,
        }
    }

    /// Like [`open`](Self::open), but brings an older schema up to date first (`assay db upgrade`).
    ///
    /// # Errors
    /// As [`open`](Self::open), except [`StoreError::Older`].
    pub async fn upgrade(database: &Database, key_file: &Path) -> Result<Self, StoreError> {
        Opening::start(database, key_file).await?.finish().await
    }

    /// A connection for reading. Each statement sees what was committed before it.
    #[must_use]
    pub fn read(&self) -> Conn<'_> {
        Conn::new(&self.readers, &self.sealer)
    }

    /// Runs `work` in a transaction; when this returns `Ok`, it is committed and on disk. An `Err`
    /// from `work` takes back all that it wrote. `work` must await nothing but the store; it is run again where the
    /// database took it back for another transaction's sake, or lost the connection.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Commit`], [`StoreError::Away`], [`StoreError::TakenBack`],
    /// [`StoreError::Closed`]: nothing was written. [`StoreError::Unsure`]: nobody can tell.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Clone + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// Whether several conductors may serve this database.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
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
    database: Database,
    key_file: PathBuf,
    lock: Option<DatabaseLock>,
    db: DatabaseConnection,
    /// `None`: the database is empty.
    found: Option<Meta>,
}

impl Opening {
    async fn start(database: &Database, key_file: &Path) -> Result<Self, StoreError> {
        let lock = database.lock().await?;
        let db = database.open_writer().await.map_err(|error| database.unreachable(&error))?;
        let found = look_at(&db, database).await?;
        Ok(Self { database: database.clone(), key_file: key_file.to_owned(), lock, db, found })
    }

    async fn finish(self) -> Result<Store, StoreError> {
        let key = self.key()?;
        let transaction = self.db.begin().await?;
        dialect::lock_schema(&transaction).await?;
        migration::up(&transaction).await?;
        let meta = meta::settle(&transaction, &key, migration::VERSION).await?;
        transaction.commit().await?;
        dialect::unlock_schema(&self.db).await?;
        if !meta.fits(&key) {
            // Another conductor was quicker to make the database, with a key of its own.
            return Err(StoreError::KeyWrong(self.key_file));
        }
        let sealer = Arc::new(Sealer::from(&key));
        let readers = Arc::new(Readers::open(&self.database).await?);
        let first = self.database.link().await?;
        self.db.close().await?;
        let writer = Writer::start(&self.database, first, &sealer, self.lock)?;
        let shared = matches!(self.database, Database::Server(_));
        Ok(Store { readers, writer, sealer, key, instance: meta.instance.into(), shared })
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
async fn look_at(db: &DatabaseConnection, database: &Database) -> Result<Option<Meta>, StoreError> {
    let tables = dialect::tables(db).await?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !tables.iter().any(|table| table == meta::TABLE) {
        return Err(StoreError::Foreign(database.to_string()));
    }
    match meta::find(db).await? {
        None => Err(StoreError::Foreign(database.to_string())),
        Some(meta) if meta.schema > migration::VERSION => {
            Err(StoreError::Newer { database: database.to_string(), found: meta.schema, known: migration::VERSION })
        }
        meta => Ok(meta),
    }
}
