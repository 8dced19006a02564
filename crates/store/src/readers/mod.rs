//! Connections that read and refuse to write.

mod sqlite;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use crate::{
    Database,
    database::Access,
    trouble::{self, Trouble},
};
use sqlite::SqliteReaders;

/// How many of each database; SQLite serves them side by side with the writer.
const SQLITE: usize = 4;
const SERVER: u32 = 8;

/// The connections of one database.
pub enum Readers {
    Sqlite(Box<SqliteReaders>),
    Server(DatabaseConnection),
}

impl Readers {
    pub async fn open(database: &Database) -> Result<Self, DbErr> {
        Ok(match database {
            Database::File(path) => Self::Sqlite(Box::new(SqliteReaders::open(path, SQLITE).await?)),
            Database::Server(server) => Self::Server(server.connect(SERVER, Access::Read).await?),
        })
    }

    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Server(pool) => pool.get_database_backend(),
        }
    }

    pub async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(readers) => readers.query_one(&statement).await,
            Self::Server(pool) => {
                for _ in 0..SERVER {
                    match pool.query_one_raw(statement.clone()).await {
                        Err(error) if is_left_over(&error) => {}
                        answered => return answered,
                    }
                }
                pool.query_one_raw(statement).await
            }
        }
    }

    pub async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(readers) => readers.query_all(&statement).await,
            Self::Server(pool) => {
                for _ in 0..SERVER {
                    match pool.query_all_raw(statement.clone()).await {
                        Err(error) if is_left_over(&error) => {}
                        answered => return answered,
                    }
                }
                pool.query_all_raw(statement).await
            }
        }
    }
}

/// A server that was restarted leaves connections in the pool that are good for nothing. As many queries as there may be
/// of those are repeated; where no connection can be made, once is enough.
fn is_left_over(error: &DbErr) -> bool {
    trouble::of(error) == Trouble::Lost && !matches!(error, DbErr::ConnectionAcquire(_))
}
