//! A SQLite file for those who make its schema, or read all of it: they need what speaks to every database alike.

use std::path::Path;

use sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions as _,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::PATIENCE;

/// How the file is opened; [`File`](super::File) says why.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .disable_statement_logging()
}

/// One connection that reads.
pub async fn open_reader(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let options = options(path).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(query_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// One connection that writes; makes the file.
pub async fn open_writer(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options(path).create_if_missing(true))
        .await
        .map_err(query_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// The error as the rest of the crate knows it.
pub fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
