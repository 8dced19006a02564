//! A connection to a SQLite file.
//!
//! SQLite does its work in the thread that asks. A driver that hands each statement to a thread of its own, as the one
//! does that makes the schema here, takes longer for that than most statements.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql, types::ToSqlOutput};
use sea_orm::{Statement, Value};

use super::{Access, PATIENCE};
use crate::{
    Fault,
    row::{FromRow, Row},
};

/// Statements kept prepared on each connection.
const STATEMENTS: usize = 200;

/// A commit is on disk when it returns (`synchronous=FULL`, promise S7), and readers never wait for the writer (WAL). What
/// a savepoint would take back is kept in memory instead of in a file. The cache is meant in KiB below zero: SQLite's own
/// 2 MiB hold some hundred runs, and what is not kept is read again by each statement.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                        PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192";
const READS: &str = "PRAGMA query_only = ON";

/// For one statement, beside its wait for locks; servers end a statement that takes as long.
pub const LONGEST: Duration = Duration::from_secs(15);
/// After how many of SQLite's own steps the time is looked at: some milliseconds of work.
const STEPS: i32 = 100_000;

/// One connection. A call blocks its thread until it is done.
pub struct File {
    connection: Mutex<Connection>,
    longest: Duration,
    /// When the statement that runs is given up.
    until: Arc<Mutex<Instant>>,
}

impl File {
    /// Opens a file that is there.
    pub fn open(path: &Path, access: Access) -> Result<Self, Fault> {
        Self::open_for(path, access, LONGEST)
    }

    fn open_for(path: &Path, access: Access, longest: Duration) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(SETTINGS)?;
        if access == Access::Read {
            connection.execute_batch(READS)?;
        }
        let until = Arc::new(Mutex::new(Instant::now() + longest));
        let end = Arc::clone(&until);
        let is_over = move || Instant::now() > *end.lock().unwrap_or_else(PoisonError::into_inner);
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(Self { connection: Mutex::new(connection), longest, until })
    }

    /// The rows that a statement finds.
    pub fn query<T: FromRow>(&self, statement: &Statement) -> Result<Vec<T>, Fault> {
        let connection = self.connection();
        let mut prepared = prepared(&connection, statement)?;
        let (mut rows, mut found) = (prepared.raw_query(), Vec::new());
        while let Some(row) = rows.next()? {
            found.push(T::from_row(&Row::File(row))?);
        }
        Ok(found)
    }

    /// Runs a statement that writes; how many rows it has changed.
    pub fn execute(&self, statement: &Statement) -> Result<u64, Fault> {
        let changed = prepared(&self.connection(), statement)?.raw_execute()?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Runs statements that take and give nothing.
    pub fn say(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.connection().execute_batch(sql)?)
    }

    /// Whether a transaction is open.
    pub fn is_in_transaction(&self) -> bool {
        !self.connection().is_autocommit()
    }

    /// For one statement that begins now. What a panic has left is taken back with its transaction.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.longest;
        connection
    }
}

/// The statement, ready to run.
fn prepared<'a>(connection: &'a Connection, statement: &Statement) -> Result<CachedStatement<'a>, Fault> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for (index, value) in statement.values.iter().flat_map(|values| &values.0).enumerate() {
        prepared.raw_bind_parameter(index + 1, Bound(value))?;
    }
    Ok(prepared)
}

/// A value as SQLite keeps it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Value::Bool(value) => value.to_sql(),
            Value::Int(value) => value.to_sql(),
            Value::BigInt(value) => value.to_sql(),
            Value::BigUnsigned(value) => value.to_sql(),
            Value::String(value) => value.to_sql(),
            Value::Bytes(value) => value.to_sql(),
            Value::Uuid(value) => value.to_sql(),
            other => Err(rusqlite::Error::ToSqlConversionFailure(format!("no column holds {other:?}").into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    fn file(dir: &Path, access: Access) -> File {
        let path = dir.join("db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE IF NOT EXISTS t (x INTEGER)").unwrap();
        File::open(&path, access).unwrap()
    }

    fn statement(sql: &str) -> Statement {
        Statement::from_string(DbBackend::Sqlite, sql)
    }

    #[test]
    fn s7_a_commit_of_the_writer_is_on_disk_when_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(dir.path(), Access::Write);
        for (pragma, expected) in [("synchronous", "2"), ("foreign_keys", "1"), ("journal_mode", "wal")] {
            let found =
                file.query::<String>(&statement(&format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}")));
            assert_eq!(found.unwrap(), [expected], "{pragma}");
        }
    }

    #[test]
    fn s6_a_query_without_an_answer_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let made = file(dir.path(), Access::Write);
        let file = File::open_for(&dir.path().join("db"), Access::Read, Duration::from_millis(10)).unwrap();
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        let unanswered = file.query::<i64>(&statement(endless)).unwrap_err();
        assert!(unanswered.to_string().contains("gave no answer"), "{unanswered}");
        made.execute(&statement("INSERT INTO t VALUES (1)")).unwrap();
        assert_eq!(
            file.query::<i64>(&statement("SELECT x FROM t")).unwrap(),
            [1],
            "the connection is good for the next"
        );
    }

    #[test]
    fn a_connection_that_reads_refuses_to_write() {
        let dir = tempfile::tempdir().unwrap();
        file(dir.path(), Access::Write).execute(&statement("INSERT INTO t VALUES (1), (2)")).unwrap();
        let reader = file(dir.path(), Access::Read);
        let refused = reader.query::<i64>(&statement("INSERT INTO t VALUES (3) RETURNING x")).unwrap_err();
        assert!(refused.to_string().contains("readonly"), "{refused}");
        assert_eq!(reader.query::<i64>(&statement("SELECT x FROM t")).unwrap(), [1, 2]);
    }
}
