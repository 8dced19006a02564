//! Rows of an answer, whichever driver they are of.

use rusqlite::types::FromSql;
use sea_orm::{QueryResult, TryGetable};
use uuid::Uuid;

use crate::Fault;

/// One row.
pub enum Row<'a> {
    File(&'a rusqlite::Row<'a>),
    Server(&'a QueryResult),
}

impl Row<'_> {
    /// The value of the column at this place, the first is 0.
    pub fn at<T: Value>(&self, place: usize) -> Result<T, Fault> {
        match self {
            Self::File(row) => Ok(row.get(place)?),
            Self::Server(row) => Ok(row.try_get_by_index(place)?),
        }
    }

    /// The value of the column with this name.
    pub fn named<T: Value>(&self, name: &str) -> Result<T, Fault> {
        match self {
            Self::File(row) => Ok(row.get(name)?),
            Self::Server(row) => Ok(row.try_get("", name)?),
        }
    }
}

/// What can be read from a column.
pub trait Value: FromSql + TryGetable {}

impl<T: FromSql + TryGetable> Value for T {}

/// What can be read from a row.
pub trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self, Fault>;
}

/// A row of one column.
macro_rules! one_column {
    ($($type:ty),*) => {
        $(impl FromRow for $type {
            fn from_row(row: &Row<'_>) -> Result<Self, Fault> {
                row.at(0)
            }
        })*
    };
}

one_column!(i32, i64, String, Uuid, Option<String>);

impl<A: Value, B: Value> FromRow for (A, B) {
    fn from_row(row: &Row<'_>) -> Result<Self, Fault> {
        Ok((row.at(0)?, row.at(1)?))
    }
}

impl<A: Value, B: Value, C: Value> FromRow for (A, B, C) {
    fn from_row(row: &Row<'_>) -> Result<Self, Fault> {
        Ok((row.at(0)?, row.at(1)?, row.at(2)?))
    }
}

/// Reads the fields of a struct from the columns that are named like them.
macro_rules! from_row {
    ($name:ident { $($column:ident),* $(,)? }) => {
        impl $crate::row::FromRow for $name {
            fn from_row(row: &$crate::row::Row<'_>) -> Result<Self, $crate::Fault> {
                Ok(Self { $($column: row.named(stringify!($column))?),* })
            }
        }
    };
}
pub(crate) use from_row;
