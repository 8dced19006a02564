//! Nodes: the row of each, and who may change it.
//!
//! **Invariant:** a node is written only by who holds its exclusive lock, or while nobody holds
//! it; the guard is part of the statement that writes.

mod lease;
mod list;
mod power;
mod row;

use assay_core::{
    id::NodeId,
    node::{Node, Timestamp},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::Expr,
};
use uuid::Uuid;

pub use lease::{Holders, check, free, locked, release, renew, reserve};
pub use list::{ListedNode, NodeFilter, NodeSort, NodeSummary, count, list, shards, summaries};
pub use power::{given_up, kept};
pub use row::NodeRow;
pub(crate) use row::{open_doc, to_doc};

use crate::{
    Conn, Fault, StoreError, Tx,
    entity::{history, inspections, nodes, portgroups, ports},
};
use row::Stored;

/// On what condition a node may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody holds the lock, and the node is as the caller read it.
    Unreserved {
        /// [`NodeRow::version`] as read.
        version: i64,
    },
    /// The caller holds the lock.
    Holder {
        /// [`NodeRow::lease_epoch`] as reserved.
        epoch: i64,
    },
}

/// Puts a new node in.
///
/// # Errors
/// [`StoreError::AlreadyExists`], [`StoreError::DuplicateName`], [`StoreError::InstanceInUse`].
pub async fn insert(tx: &Tx<'_>, node: &Node) -> Result<(), StoreError> {
    let row = nodes::ActiveModel {
        lease_epoch: Set(0),
        version: Set(1),
        reservation: Set(None),
        lease_until: Set(None),
        ..row::columns(node, tx.sealer)?
    };
    tx.exec(&nodes::Entity::insert(row).into_query()).await.map(drop).map_err(|fault| refusal(fault, node))
}

/// The node with this UUID.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, id: NodeId) -> Result<NodeRow, StoreError> {
    one(conn, nodes::Column::Id.eq(id.0)).await?.ok_or_else(|| StoreError::not_found("Node", &id))
}

/// The node with this UUID or name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(conn: &Conn<'_>, uuid_or_name: &str) -> Result<NodeRow, StoreError> {
    let is_it = match Uuid::parse_str(uuid_or_name) {
        Ok(id) => nodes::Column::Id.eq(id),
        Err(_) => nodes::Column::Name.eq(uuid_or_name),
    };
    one(conn, is_it).await?.ok_or_else(|| StoreError::not_found("Node", &uuid_or_name))
}

/// The node that a unique column tells.
async fn one(conn: &Conn<'_>, is_it: Expr) -> Result<Option<NodeRow>, StoreError> {
    let select = row::select_stored().and_where(is_it).take();
    conn.one::<Stored>(&select).await?.map(|stored| stored.open(conn.sealer)).transpose()
}

/// Writes the whole node, except its lock.
///
/// # Errors
/// [`StoreError::Locked`] or [`StoreError::StaleNode`] when `guard` does not hold,
/// [`StoreError::NotFound`], and the duplicates of [`insert`]. Nothing is written then.
pub async fn update(tx: &Tx<'_>, node: &Node, guard: Guard) -> Result<(), StoreError> {
    let row = nodes::ActiveModel { id: NotSet, created_at: NotSet, ..row::columns(node, tx.sealer)? };
    let write = nodes::Entity::update_many()
        .set(row)
        .col_expr(nodes::Column::Version, Expr::col(nodes::Column::Version).add(1))
        .filter(nodes::Column::Id.eq(node.id.0))
        .filter(guard.condition());
    let written = tx.exec(&write.into_query()).await.map_err(|fault| refusal(fault, node))?;
    if written == 1 { Ok(()) } else { Err(why_not(tx, node.id).await?) }
}

/// Deletes a node with its ports, port groups, inventory and history. Its open runs, which have a
/// copy of it ([`runs::node_copy`](crate::runs::node_copy)), are woken at `now`.
///
/// # Errors
/// As [`update`].
pub async fn delete(tx: &Tx<'_>, id: NodeId, guard: Guard, now: Timestamp) -> Result<(), StoreError> {
    let deleted = nodes::Entity::delete_many().filter(nodes::Column::Id.eq(id.0)).filter(guard.condition());
    if tx.exec(&deleted.into_query()).await? == 0 {
        return Err(why_not(tx, id).await?);
    }
    crate::runs::wake_open(tx, id, now).await?;
    for what_is_its in [
        ports::Entity::delete_many().filter(ports::Column::NodeId.eq(id.0)).into_query(),
        portgroups::Entity::delete_many().filter(portgroups::Column::NodeId.eq(id.0)).into_query(),
        inspections::Entity::delete_many().filter(inspections::Column::NodeId.eq(id.0)).into_query(),
        history::Entity::delete_many().filter(history::Column::NodeId.eq(id.0)).into_query(),
    ] {
        tx.exec(&what_is_its).await?;
    }
    Ok(())
}

impl Guard {
    fn condition(self) -> Expr {
        match self {
            Self::Unreserved { version } => {
                nodes::Column::Reservation.is_null().and(nodes::Column::Version.eq(version))
            }
            Self::Holder { epoch } => nodes::Column::Reservation.is_not_null().and(nodes::Column::LeaseEpoch.eq(epoch)),
        }
    }
}

/// Why no row met the guard.
async fn why_not(tx: &Tx<'_>, id: NodeId) -> Result<StoreError, StoreError> {
    let select = nodes::Entity::find().select_only().column(nodes::Column::Reservation);
    let reservation = tx.one::<Option<String>>(&select.filter(nodes::Column::Id.eq(id.0)).into_query()).await?;
    Ok(match reservation {
        None => StoreError::not_found("Node", &id),
        Some(Some(host)) => StoreError::Locked { node: id, host },
        Some(None) => StoreError::StaleNode(id),
    })
}

fn refusal(fault: Fault, node: &Node) -> StoreError {
    if fault.is_duplicate("nodes", "name") {
        StoreError::DuplicateName { kind: "node", name: node.name.clone().unwrap_or_default() }
    } else if fault.is_duplicate("nodes", "instance_uuid") {
        StoreError::InstanceInUse(node.instance_uuid.unwrap_or_default())
    } else if fault.is_duplicate("nodes", "id") {
        StoreError::AlreadyExists { kind: "node", id: node.id.0 }
    } else {
        fault.into()
    }
}
