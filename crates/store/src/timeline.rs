//! The timeline of a run: what was seen of it, and when.

use assay_core::{id::RunId, node::Timestamp};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QueryTrait as _,
};

use crate::{
    Conn, StoreError, Tx,
    entity::timeline::{ActiveModel, Column as C, Entity, Model},
    time::{micros, timestamp},
};

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What kind of thing, such as `dhcp` or `callback`.
    pub event: String,
    /// In a sentence.
    pub text: String,
}

impl From<Model> for Entry {
    fn from(row: Model) -> Self {
        Self { at: timestamp(row.at), event: row.event, text: row.text }
    }
}

/// Adds entries at the end.
///
/// # Errors
/// What the database answers.
pub async fn append(tx: &Tx<'_>, run: RunId, entries: impl IntoIterator<Item = Entry>) -> Result<(), StoreError> {
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| ActiveModel {
            seq: NotSet,
            run_id: Set(run.0),
            at: Set(micros(entry.at)),
            event: Set(entry.event),
            text: Set(entry.text),
        })
        .collect();
    if !rows.is_empty() {
        tx.exec(&Entity::insert_many(rows).into_query()).await?;
    }
    Ok(())
}

/// The whole timeline, in the order in which it was written.
///
/// # Errors
/// What the database answers.
pub async fn list(conn: &Conn<'_>, run: RunId) -> Result<Vec<Entry>, StoreError> {
    let select = Entity::find().filter(C::RunId.eq(run.0)).order_by_asc(C::Seq);
    let rows: Vec<Model> = conn.all(&select.into_query()).await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}
