//! The only place where the databases differ: how one is opened, its clock, and its catalogue.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExprTrait as _, RuntimeErr, SqlxSqliteConnector, Statement,
    sea_query::{Expr, Query, SelectStatement, Value},
    sqlx::{
        self, ConnectOptions as _,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

/// How long a connection waits for a lock or for its turn.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Statements kept prepared on each connection.
const STATEMENTS: usize = 200;

/// Rows that SQLite may read ahead: a page of a list, so that it need not wait within it.
const ROWS: usize = 1024;

/// How a SQLite file is opened. A commit is on disk when it returns (`synchronous=FULL`, promise
/// S7), and readers never wait for the writer (WAL).
pub fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS)
        .disable_statement_logging()
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

/// The statement with its limit as a number in its text: a bound limit makes SQLite prepare a
/// statement anew each time that it is run, which costs more than most reads.
pub fn with_literal_limit(mut statement: Statement) -> Statement {
    let bound = statement.values.as_mut().map(|values| &mut values.0);
    let Some((head, bound)) = statement.sql.strip_suffix(" LIMIT ?").zip(bound) else { return statement };
    if let Some(&Value::BigUnsigned(Some(limit))) = bound.last() {
        statement.sql = format!("{head} LIMIT {limit}");
        bound.pop();
    }
    statement
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

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};

    use super::*;
    use crate::entity::nodes;

    #[test]
    fn a_limit_is_part_of_the_text_for_sqlite() {
        let one = |backend| {
            let select = nodes::Entity::find().filter(Expr::col(nodes::Column::Name).eq("a")).limit(1);
            with_literal_limit(select.build(backend))
        };
        let ours = one(DbBackend::Sqlite);
        assert!(ours.sql.ends_with("= ? LIMIT 1"), "{}", ours.sql);
        assert_eq!(ours.values.unwrap().0, [Value::from("a")]);
        assert!(one(DbBackend::Postgres).sql.ends_with("= $1 LIMIT $2"));
    }

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
