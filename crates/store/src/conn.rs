//! What the query functions take: a connection together with the key that opens sealed columns.

use std::ops::Deref;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, sea_query::Expr,
};

use crate::{dialect, readers::Readers, seal::Sealer};

/// A connection for reading.
pub struct Conn<'a> {
    pub(crate) db: Db<'a>,
    pub(crate) sealer: &'a Sealer,
}

/// A transaction: everything that is written through it is committed together, or not at all.
/// Reads through it see what it wrote.
pub struct Tx<'a>(pub(crate) Conn<'a>);

impl<'a> Deref for Tx<'a> {
    type Target = Conn<'a>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Conn<'_> {
    /// The database's own time, as an expression.
    pub(crate) fn now(&self) -> Expr {
        dialect::now(self.db.get_database_backend())
    }
}

/// Where statements go.
pub(crate) enum Db<'a> {
    Readers(&'a Readers),
    Transaction(&'a DatabaseTransaction),
}

#[async_trait]
impl ConnectionTrait for Db<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Readers(readers) => readers.backend(),
            Self::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Readers(_) => Err(read_only()),
            Self::Transaction(transaction) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Readers(_) => Err(read_only()),
            Self::Transaction(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let statement = dialect::with_literal_limit(statement);
        match self {
            Self::Readers(readers) => readers.query_one(statement).await,
            Self::Transaction(transaction) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let statement = dialect::with_literal_limit(statement);
        match self {
            Self::Readers(readers) => readers.query_all(statement).await,
            Self::Transaction(transaction) => transaction.query_all_raw(statement).await,
        }
    }
}

fn read_only() -> DbErr {
    DbErr::Custom("this connection only reads".to_owned())
}
