//! A few connections that read, each held open and used directly: a pool that tests each
//! connection after each use costs several times what a read does.
//!
//! **Invariant:** a connection whose query was given up is thrown away, and each query has its deadline.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{
    DbErr, QueryResult, Statement,
    sea_query::Values,
    sqlx::{
        self, AssertSqlSafe, Connection as _, SqliteConnection,
        query::Query,
        sqlite::{Sqlite, SqliteConnectOptions},
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::database::{PATIENCE, query_error, sqlite};

/// For one query, the wait for locks of another process included; servers end a statement that takes as long.
const LONGEST_QUERY: Duration = Duration::from_secs(15);

/// Connections that refuse to write.
pub struct SqliteReaders {
    options: SqliteConnectOptions,
    turns: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// A connection in use.
struct Turn<'a> {
    connection: SqliteConnection,
    _permit: SemaphorePermit<'a>,
}

impl SqliteReaders {
    /// At most `number` connections, opened when they are needed; the first at once.
    pub async fn open(path: &Path, number: usize) -> Result<Self, DbErr> {
        let options = sqlite(path).pragma("query_only", "ON");
        let first = SqliteConnection::connect_with(&options).await.map_err(query_error)?;
        Ok(Self { options, turns: Semaphore::new(number), idle: Mutex::new(vec![first]) })
    }

    pub async fn query_one(&self, statement: &Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut turn = self.turn().await?;
        let row = within(LONGEST_QUERY, query(statement).fetch_optional(&mut turn.connection)).await?;
        self.end(turn);
        Ok(row.map(QueryResult::from))
    }

    pub async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut turn = self.turn().await?;
        let rows = within(LONGEST_QUERY, query(statement).fetch_all(&mut turn.connection)).await?;
        self.end(turn);
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    async fn turn(&self) -> Result<Turn<'_>, DbErr> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
        let Ok(Ok(permit)) = turn else {
            return Err(DbErr::Custom(format!("no connection was free for {} s", PATIENCE.as_secs())));
        };
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await.map_err(query_error)?,
        };
        Ok(Turn { connection, _permit: permit })
    }

    fn end(&self, turn: Turn<'_>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(turn.connection);
    }
}

async fn within<T>(limit: Duration, answering: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbErr> {
    match tokio::time::timeout(limit, answering).await {
        Ok(answered) => answered.map_err(query_error),
        Err(_) => Err(DbErr::Custom(format!("the database file gave no answer for {} s", limit.as_secs()))),
    }
}

fn query(statement: &Statement) -> Query<'_, Sqlite, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use sea_orm::{ConnectionTrait as _, DbBackend};

    use super::*;
    use crate::Database;

    async fn readers(dir: &Path) -> SqliteReaders {
        let path = dir.join("db");
        let writer = Database::File(path.clone()).open_writer().await.unwrap();
        writer.execute_unprepared("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1), (2)").await.unwrap();
        SqliteReaders::open(&path, 2).await.unwrap()
    }

    fn statement(sql: &str) -> Statement {
        Statement::from_string(DbBackend::Sqlite, sql)
    }

    #[tokio::test]
    async fn a_statement_that_writes_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let readers = readers(dir.path()).await;
        let refused = readers.query_one(&statement("INSERT INTO t VALUES (3) RETURNING x")).await.unwrap_err();
        assert!(refused.to_string().contains("readonly"), "{refused}");
        assert_eq!(readers.query_all(&statement("SELECT x FROM t")).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn s6_a_query_without_an_answer_is_given_up() {
        let unanswered = within::<()>(Duration::from_millis(10), std::future::pending()).await;
        assert!(unanswered.unwrap_err().to_string().contains("gave no answer"));
    }

    #[tokio::test]
    async fn queries_that_are_given_up_or_wait_for_their_turn_harm_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let readers = readers(dir.path()).await;
        let select = statement("SELECT x FROM t");
        let mut given_up = 0;
        for _ in 0..10 {
            let mut query = Box::pin(readers.query_all(&select));
            given_up += usize::from(futures::poll!(&mut query).is_pending());
        }
        assert!(given_up > 0, "on a busy machine one may be answered at once, but not all");
        let rows = join_all((0..20).map(|_| readers.query_all(&select))).await;
        assert!(rows.into_iter().all(|rows| rows.unwrap().len() == 2));
        assert!(readers.idle.lock().unwrap().len() <= 2);
    }
}
