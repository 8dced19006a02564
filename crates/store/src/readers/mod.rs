//! Connections that read and refuse to write.

mod files;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::{
    Database, Fault,
    database::{Access, rows},
    row::FromRow,
    trouble::{self, Trouble},
};
use files::Files;

/// How many of a server.
const SERVER: u32 = 8;

/// The connections of one database.
pub enum Readers {
    Files(Files),
    Server(DatabaseConnection),
}

impl Readers {
    pub async fn open(database: &Database) -> Result<Self, Fault> {
        Ok(match database {
            Database::File(path) => Self::Files(Files::open(path)?),
            Database::Server(server) => Self::Server(server.connect(SERVER, Access::Read).await?),
        })
    }

    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Files(_) => DbBackend::Sqlite,
            Self::Server(pool) => pool.get_database_backend(),
        }
    }

    pub async fn query<T: FromRow>(&self, statement: Statement) -> Result<Vec<T>, Fault> {
        let pool = match self {
            Self::Files(files) => return files.query(&statement),
            Self::Server(pool) => pool,
        };
        for _ in 0..SERVER {
            match pool.query_all_raw(statement.clone()).await {
                Err(error) if is_left_over(&error) => {}
                answered => return rows(&answered?),
            }
        }
        rows(&pool.query_all_raw(statement).await?)
    }
}

/// A server that was restarted leaves connections in the pool that are good for nothing. As many queries as there may be
/// of those are repeated; where no connection can be made, once is enough.
fn is_left_over(error: &DbErr) -> bool {
    trouble::of_server(error) == Trouble::Lost && !matches!(error, DbErr::ConnectionAcquire(_))
}
