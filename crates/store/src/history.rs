//! A node's history: the errors and events that the API shows under `/history`.

use assay_core::{id::NodeId, node::Timestamp};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::history::{ActiveModel, Column as C, Entity, Model},
    page::{self, Page},
    time::{micros, timestamp},
};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its UUID.
    pub id: Uuid,
    /// The node.
    pub node: NodeId,
    /// When it happened.
    pub created_at: Timestamp,
    /// `ERROR` or `INFO`.
    pub severity: String,
    /// What went on, such as `introspection`.
    pub event_type: String,
    /// What happened, in a sentence.
    pub event: String,
    /// The conductor that saw it.
    pub conductor: String,
    /// Who had asked for it, if a user had.
    pub user: Option<String>,
}

impl From<Model> for Entry {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            node: NodeId(row.node_id),
            created_at: timestamp(row.created_at),
            severity: row.severity,
            event_type: row.event_type,
            event: row.event,
            conductor: row.conductor,
            user: row.user,
        }
    }
}

/// Adds an entry, and forgets the node's oldest beyond the `keep` latest
/// (`[conductor] node_history_max_entries`).
///
/// # Errors
/// What the database answers.
pub async fn insert(tx: &Tx<'_>, entry: Entry, keep: u64) -> Result<(), StoreError> {
    let node = entry.node;
    let row = ActiveModel {
        seq: NotSet,
        id: Set(entry.id),
        node_id: Set(node.0),
        created_at: Set(micros(entry.created_at)),
        severity: Set(entry.severity),
        event_type: Set(entry.event_type),
        event: Set(entry.event),
        conductor: Set(entry.conductor),
        user: Set(entry.user),
    };
    tx.exec(&Entity::insert(row).into_query()).await?;
    trim(tx, node, keep).await
}

async fn trim(tx: &Tx<'_>, node: NodeId, keep: u64) -> Result<(), StoreError> {
    let of_node = Entity::find().select_only().column(C::Seq).filter(C::NodeId.eq(node.0));
    let oldest_forgotten = of_node.order_by_desc(C::Seq).offset(keep).limit(1);
    if let Some(last) = tx.one::<i64>(&oldest_forgotten.into_query()).await? {
        let forgotten = Entity::delete_many().filter(C::NodeId.eq(node.0)).filter(C::Seq.lte(last));
        tx.exec(&forgotten.into_query()).await?;
    }
    Ok(())
}

/// A page of a node's history, the oldest first unless `page.descending`. There is no other order.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown marker.
pub async fn list(conn: &Conn<'_>, node: NodeId, page: &Page<()>) -> Result<Vec<Entry>, StoreError> {
    let columns = page::Columns { kind: "History entry", seq: C::Seq, id: C::Id, sort: None };
    let select = page::cut(conn, Entity::find().filter(C::NodeId.eq(node.0)), columns, page).await?;
    let rows: Vec<Model> = conn.all(&select.into_query()).await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// One entry of a node's history.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, node: NodeId, id: Uuid) -> Result<Entry, StoreError> {
    let select = Entity::find().filter(C::NodeId.eq(node.0)).filter(C::Id.eq(id));
    let row: Option<Model> = conn.one(&select.into_query()).await?;
    row.map(Entry::from).ok_or_else(|| StoreError::not_found("History entry", &id))
}
