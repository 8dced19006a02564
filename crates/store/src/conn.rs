//! What the query functions take: a connection together with the key that opens sealed columns.

use std::ops::Deref;

use sea_orm::{ConnectionTrait as _, DatabaseExecutor, sea_query::Expr};

use crate::{dialect, seal::Sealer};

/// A connection for reading.
pub struct Conn<'a> {
    pub(crate) db: DatabaseExecutor<'a>,
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
