//! The exclusive lock of a node: `reservation`, with an epoch that goes up and an end in the
//! database's time.
//!
//! **Invariant:** of several that reserve a node at once, exactly one gets it; each reservation
//! has an epoch of its own, and what is written under an older one is refused (promise S5).

use std::time::Duration;

use assay_core::id::NodeId;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    UpdateMany, sea_query::Expr,
};
use uuid::Uuid;

use super::{Guard, why_not};
use crate::{Conn, StoreError, Tx, entity::nodes};

/// Takes the node's lock for `host` and returns its epoch, which later writes are guarded by. A lock whose lease has run out
/// is taken from its holder.
///
/// # Errors
/// [`StoreError::Locked`] when somebody holds it, [`StoreError::NotFound`].
pub async fn reserve(tx: &Tx<'_>, id: NodeId, host: &str, lease: Duration) -> Result<i64, StoreError> {
    let take = nodes::Entity::update_many()
        .col_expr(nodes::Column::Reservation, Expr::value(host))
        .col_expr(nodes::Column::LeaseEpoch, next_epoch())
        .col_expr(nodes::Column::LeaseUntil, end(tx, lease))
        .filter(nodes::Column::Id.eq(id.0))
        .filter(nodes::Column::Reservation.is_null().or(has_run_out(tx)));
    if tx.exec(&take.into_query()).await? == 1 { epoch(tx, id).await } else { Err(why_not(tx, id).await?) }
}

async fn epoch(tx: &Tx<'_>, id: NodeId) -> Result<i64, StoreError> {
    let select =
        nodes::Entity::find().select_only().column(nodes::Column::LeaseEpoch).filter(nodes::Column::Id.eq(id.0));
    tx.one(&select.into_query()).await?.ok_or_else(|| StoreError::not_found("Node", &id))
}

/// Prolongs the lock by `lease` from now.
///
/// # Errors
/// [`StoreError::Locked`], [`StoreError::StaleNode`] or [`StoreError::NotFound`] when it was lost.
pub async fn renew(tx: &Tx<'_>, id: NodeId, epoch: i64, lease: Duration) -> Result<(), StoreError> {
    let renew = nodes::Entity::update_many().col_expr(nodes::Column::LeaseUntil, end(tx, lease));
    as_holder(tx, id, epoch, renew).await
}

/// Gives the lock back.
///
/// # Errors
/// As [`renew`].
pub async fn release(tx: &Tx<'_>, id: NodeId, epoch: i64) -> Result<(), StoreError> {
    let release = nodes::Entity::update_many()
        .col_expr(nodes::Column::Reservation, Expr::value(None::<String>))
        .col_expr(nodes::Column::LeaseUntil, Expr::value(None::<i64>));
    as_holder(tx, id, epoch, release).await
}

/// Whether the lock of this epoch is still held; for transactions that do not write the node. Nobody can take it until the
/// transaction has ended.
///
/// # Errors
/// As [`renew`].
pub async fn check(tx: &Tx<'_>, id: NodeId, epoch: i64) -> Result<(), StoreError> {
    let held = nodes::Entity::find()
        .select_only()
        .column(nodes::Column::Id)
        .filter(nodes::Column::Id.eq(id.0))
        .filter(Guard::Holder { epoch }.condition())
        .lock_exclusive();
    if tx.one::<Uuid>(&held.into_query()).await?.is_some() { Ok(()) } else { Err(why_not(tx, id).await?) }
}

/// Whose locks are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holders {
    /// Everybody's: the only conductor of a SQLite database starts, and its file lock says that the
    /// holder is gone.
    All,
    /// Of this host: its earlier process is gone.
    Host(String),
    /// Of those who have let their lease run out, on nodes of this conductor group if one is named.
    RunOut {
        /// The group.
        group: Option<String>,
    },
}

impl Holders {
    fn condition(&self, conn: &Conn<'_>) -> Expr {
        match self {
            Self::All => nodes::Column::Reservation.is_not_null(),
            Self::Host(host) => nodes::Column::Reservation.eq(host.as_str()),
            Self::RunOut { group: None } => has_run_out(conn),
            Self::RunOut { group: Some(group) } => {
                has_run_out(conn).and(nodes::Column::ConductorGroup.eq(group.as_str()))
            }
        }
    }
}

/// The nodes with such a lock.
///
/// # Errors
/// What the database answers.
pub async fn locked(conn: &Conn<'_>, holders: &Holders) -> Result<Vec<NodeId>, StoreError> {
    let locked = nodes::Entity::find().select_only().column(nodes::Column::Id).filter(holders.condition(conn));
    Ok(conn.all(&locked.into_query()).await?.into_iter().map(NodeId).collect())
}

/// Takes locks from their holders, who can't write under them any more, and returns those nodes.
///
/// # Errors
/// What the database answers.
pub async fn free(tx: &Tx<'_>, holders: &Holders) -> Result<Vec<NodeId>, StoreError> {
    let mut freed = Vec::new();
    for node in locked(tx, holders).await? {
        let take = nodes::Entity::update_many()
            .col_expr(nodes::Column::Reservation, Expr::value(None::<String>))
            .col_expr(nodes::Column::LeaseEpoch, next_epoch())
            .col_expr(nodes::Column::LeaseUntil, Expr::value(None::<i64>))
            .filter(nodes::Column::Id.eq(node.0))
            // Another conductor may have been quicker.
            .filter(holders.condition(tx));
        if tx.exec(&take.into_query()).await? == 1 {
            freed.push(node);
        }
    }
    Ok(freed)
}

fn next_epoch() -> Expr {
    Expr::col(nodes::Column::LeaseEpoch).add(1)
}

fn has_run_out(conn: &Conn<'_>) -> Expr {
    Expr::col(nodes::Column::LeaseUntil).lt(conn.now())
}

/// When a lease that begins now ends, by the database's clock.
fn end(conn: &Conn<'_>, lease: Duration) -> Expr {
    conn.now().add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 2))
}

/// Writes what only the holder of the lock may.
async fn as_holder(tx: &Tx<'_>, id: NodeId, epoch: i64, write: UpdateMany<nodes::Entity>) -> Result<(), StoreError> {
    let write = write.filter(nodes::Column::Id.eq(id.0)).filter(Guard::Holder { epoch }.condition());
    if tx.exec(&write.into_query()).await? == 1 { Ok(()) } else { Err(why_not(tx, id).await?) }
}
