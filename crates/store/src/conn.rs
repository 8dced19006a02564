//! What the query functions take: a connection together with the key that opens sealed columns.

use std::ops::Deref;

use sea_orm::{DbBackend, Statement, StatementBuilder, sea_query::Expr};

use crate::{Fault, database::Begun, dialect, readers::Readers, row::FromRow, seal::Sealer};

/// A connection for reading.
pub struct Conn<'a> {
    source: Source<'a>,
    pub(crate) sealer: &'a Sealer,
}

/// A transaction: everything that is written through it is committed together, or not at all.
/// Reads through it see what it wrote.
pub struct Tx<'a> {
    conn: Conn<'a>,
    begun: &'a Begun<'a>,
}

/// Where rows come from.
enum Source<'a> {
    Readers(&'a Readers),
    Transaction(&'a Begun<'a>),
}

impl<'a> Deref for Tx<'a> {
    type Target = Conn<'a>;

    fn deref(&self) -> &Self::Target {
        &self.conn
    }
}

impl<'a> Conn<'a> {
    pub(crate) const fn new(readers: &'a Readers, sealer: &'a Sealer) -> Self {
        Self { source: Source::Readers(readers), sealer }
    }

    /// The database's own time, as an expression.
    pub(crate) fn now(&self) -> Expr {
        dialect::now(self.backend())
    }

    /// All rows that `select` finds.
    pub(crate) async fn all<T: FromRow>(&self, select: &impl StatementBuilder) -> Result<Vec<T>, Fault> {
        self.rows(dialect::with_literal_limit(select.build(&self.backend()))).await
    }

    /// The first row that `select` finds.
    pub(crate) async fn one<T: FromRow>(&self, select: &impl StatementBuilder) -> Result<Option<T>, Fault> {
        Ok(self.all(select).await?.into_iter().next())
    }

    pub(crate) async fn rows<T: FromRow>(&self, statement: Statement) -> Result<Vec<T>, Fault> {
        match self.source {
            Source::Readers(readers) => readers.query(statement).await,
            Source::Transaction(begun) => begun.query(statement).await,
        }
    }

    fn backend(&self) -> DbBackend {
        match self.source {
            Source::Readers(readers) => readers.backend(),
            Source::Transaction(begun) => begun.backend(),
        }
    }
}

impl<'a> Tx<'a> {
    pub(crate) const fn new(begun: &'a Begun<'a>, sealer: &'a Sealer) -> Self {
        Self { conn: Conn { source: Source::Transaction(begun), sealer }, begun }
    }

    /// Inserts, updates or deletes; how many rows it has changed.
    pub(crate) async fn exec(&self, write: &impl StatementBuilder) -> Result<u64, Fault> {
        self.begun.execute(write.build(&self.begun.backend())).await
    }
}
