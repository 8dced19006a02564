//! The connection of one writer, and a transaction on it.

use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait as _,
};

use super::file::File;
use crate::{
    Fault,
    row::{FromRow, Row},
};

/// A connection that writes.
pub enum Link {
    File(File),
    Server(DatabaseConnection),
}

/// A transaction. It is taken back if it is dropped.
pub enum Begun<'a> {
    File(OnFile<'a>),
    Server(DatabaseTransaction),
}

/// A transaction on a file.
pub struct OnFile<'a>(&'a File);

impl Link {
    pub async fn begin(&self) -> Result<Begun<'_>, Fault> {
        Ok(match self {
            Self::File(file) => {
                file.say("BEGIN IMMEDIATE")?;
                Begun::File(OnFile(file))
            }
            Self::Server(connection) => Begun::Server(connection.begin().await?),
        })
    }

    pub async fn close(self) -> Result<(), Fault> {
        match self {
            Self::File(_) => Ok(()),
            Self::Server(connection) => Ok(connection.close().await?),
        }
    }
}

impl Begun<'_> {
    pub fn backend(&self) -> DbBackend {
        match self {
            Self::File(_) => DbBackend::Sqlite,
            Self::Server(transaction) => transaction.get_database_backend(),
        }
    }

    pub async fn query<T: FromRow>(&self, statement: Statement) -> Result<Vec<T>, Fault> {
        match self {
            Self::File(OnFile(file)) => file.query(&statement),
            Self::Server(transaction) => rows(&transaction.query_all_raw(statement).await?),
        }
    }

    pub async fn execute(&self, statement: Statement) -> Result<u64, Fault> {
        match self {
            Self::File(OnFile(file)) => file.execute(&statement),
            Self::Server(transaction) => Ok(transaction.execute_raw(statement).await?.rows_affected()),
        }
    }

    pub async fn say(&self, sql: &str) -> Result<(), Fault> {
        match self {
            Self::File(OnFile(file)) => file.say(sql),
            Self::Server(transaction) => Ok(transaction.execute_unprepared(sql).await.map(drop)?),
        }
    }

    pub async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::File(OnFile(file)) => file.say("COMMIT"),
            Self::Server(transaction) => Ok(transaction.commit().await?),
        }
    }

    pub async fn rollback(self) -> Result<(), Fault> {
        match self {
            Self::File(OnFile(file)) => file.say("ROLLBACK"),
            Self::Server(transaction) => Ok(transaction.rollback().await?),
        }
    }
}

impl Drop for OnFile<'_> {
    fn drop(&mut self) {
        if self.0.is_in_transaction()
            && let Err(error) = self.0.say("ROLLBACK")
        {
            tracing::error!(%error, "a transaction can't be taken back");
        }
    }
}

/// What the rows of a server hold.
pub fn rows<T: FromRow>(rows: &[sea_orm::QueryResult]) -> Result<Vec<T>, Fault> {
    rows.iter().map(|row| T::from_row(&Row::Server(row))).collect()
}
