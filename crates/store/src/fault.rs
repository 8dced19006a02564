//! What the databases' drivers say when something is wrong.

use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use sea_orm::{DbErr, SqlErr};

use crate::database::LONGEST;

/// An error of one of the drivers.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Of a SQLite file.
    #[error("{0}")]
    File(rusqlite::Error),
    /// A statement on a SQLite file was given up.
    #[error("the database file gave no answer for {} s", LONGEST.as_secs())]
    TooLong,
    /// Of a server.
    #[error("{0}")]
    Server(DbErr),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::TooLong,
            _ => Self::File(error),
        }
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self::Server(error)
    }
}

impl Fault {
    /// Whether the unique `column` of `table` has the value already. The kind of error is told by its code; the column by
    /// its name, which all databases quote.
    pub(crate) fn is_duplicate(&self, table: &str, column: &str) -> bool {
        let names_it = |text: &str| {
            let named = [format!("{table}.{column}"), format!("{table}_{column}"), format!("for key '{column}'")];
            named.iter().any(|name| text.contains(name))
        };
        match self {
            Self::File(rusqlite::Error::SqliteFailure(failure, Some(text))) => {
                let unique = [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY];
                unique.contains(&failure.extended_code) && names_it(text)
            }
            Self::File(_) | Self::TooLong => false,
            Self::Server(error) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(text)) if names_it(&text))
            }
        }
    }
}
