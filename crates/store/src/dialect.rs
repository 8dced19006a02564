//! The only place where the databases differ: how one is opened, its clock, and its catalogue.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, ExprTrait as _,
    sea_query::{Expr, Query, SelectStatement},
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

/// How long a connection waits for a lock or for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements kept prepared on each connection.
const STATEMENTS: usize = 200;

/// Whether a pool may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// One connection that writes, and creates the file.
    Writer,
    /// A few connections that refuse to write.
    Readers(u32),
}

/// Opens a SQLite file. A commit is on disk when it returns (`synchronous=FULL`, promise S7), and
/// readers never wait for the writer (WAL).
pub async fn open_sqlite(path: &Path, access: Access) -> Result<DatabaseConnection, DbErr> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    let connections = if let Access::Readers(number) = access { number } else { 1 };
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .in_memory(false)
                .shared_cache(false)
                .filename(&file)
                .create_if_missing(access == Access::Writer)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .statement_cache_capacity(STATEMENTS);
            if access == Access::Writer { sqlite } else { sqlite.pragma("query_only", "ON") }
        });
    Database::connect(options).await
}

/// The database's own time in microseconds since 1970: leases are written and compared with it in
/// the same statement, so that the clocks of several conductors don't matter.
pub fn now(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        DbBackend::MySql => "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)",
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    })
}

/// The names of the tables that the database holds.
pub async fn tables(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let statement = table_names(db.get_database_backend());
    db.query_all(&statement).await?.iter().map(|row| row.try_get("", "name")).collect()
}

fn table_names(backend: DbBackend) -> SelectStatement {
    let mut select = Query::select();
    if backend == DbBackend::Sqlite {
        select.column("name").from("sqlite_master").and_where(Expr::col("type").eq("table"));
    } else {
        let own = if backend == DbBackend::Postgres { "CURRENT_SCHEMA()" } else { "DATABASE()" };
        select
            .expr_as(Expr::col("table_name"), "name")
            .from(("information_schema", "tables"))
            .and_where(Expr::col("table_schema").eq(Expr::cust(own)));
    }
    select
}
