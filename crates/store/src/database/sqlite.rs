//! An SQLite file.

use std::path::Path;

use sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions as _,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::PATIENCE;

/// Statements kept prepared on each connection.
const STATEMENTS: usize = 200;

/// Rows that SQLite may read ahead: a page of a list, so that it need not wait within it.
const ROWS: usize = 1024;

/// The most that a connection keeps of the file in memory; below zero it is meant in KiB. SQLite's own 2 MiB hold some
/// hundred runs, and what is not kept is read again by each statement.
const CACHE: &str = "-8192";

/// How a SQLite file is opened. A commit is on disk when it returns (`synchronous=FULL`, promise
/// S7), and readers never wait for the writer (WAL).
pub fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("cache_size", CACHE)
        // What a savepoint would take back is kept in memory instead of in a file.
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS)
        .disable_statement_logging()
}

/// One connection that reads.
pub async fn open_reader(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let options = sqlite(path).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(query_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// The one connection that writes; makes the file.
pub async fn open_writer(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(sqlite(path).create_if_missing(true))
        .await
        .map_err(query_error)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// The error as the rest of the crate knows it.
pub fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use sea_orm::{
        ConnectionTrait as _,
        sea_query::{Expr, Query},
    };

    use super::*;

    #[tokio::test]
    async fn s7_a_commit_of_the_writer_is_on_disk_when_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        let db = open_writer(&dir.path().join("db")).await.unwrap();
        for (pragma, expected) in [("synchronous", "2"), ("foreign_keys", "1"), ("journal_mode", "wal")] {
            let value = Expr::cust(format!("CAST({pragma} AS TEXT)"));
            let select = Query::select().expr_as(value, "value").from(format!("pragma_{pragma}")).to_owned();
            let row = db.query_one(&select).await.unwrap().unwrap();
            assert_eq!(row.try_get::<String>("", "value").unwrap(), expected, "{pragma}");
        }
    }
}
