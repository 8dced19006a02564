//! The exclusive lock of a node: `reservation`, with an epoch that goes up and an end in the
//! database's time.
//!
//! **Invariant:** of several that reserve a node at once, exactly one gets it; each reservation
//! has an epoch of its own, and what is written under an older one is refused (promise S5).

use std::time::Duration;

use assay_core::id::NodeId;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, UpdateMany, UpdateResult,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Guard, NodeRow, get, why_not};
use crate::{Conn, StoreError, Tx, entity::nodes};

/// Takes the node's lock for `host` and returns the node as it is now; its
/// [`NodeRow::lease_epoch`] is what later writes are guarded by.
///
/// # Errors
/// [`StoreError::Locked`] when somebody holds it, [`StoreError::NotFound`].
pub async fn reserve(tx: &Tx<'_>, id: NodeId, host: &str, lease: Duration) -> Result<NodeRow, StoreError> {
    let taken = begin_lease(tx, host, lease)
        .filter(nodes::Column::Id.eq(id.0))
        .filter(nodes::Column::Reservation.is_null())
        .exec(&tx.db)
        .await?;
    if taken.rows_affected == 1 { get(tx, id).await } else { Err(why_not(tx, id).await?) }
}

/// Prolongs the lock by `lease` from now.
///
/// # Errors
/// [`StoreError::Locked`], [`StoreError::StaleNode`] or [`StoreError::NotFound`] when it was lost.
pub async fn renew(tx: &Tx<'_>, id: NodeId, epoch: i64, lease: Duration) -> Result<(), StoreError> {
    let renewed = nodes::Entity::update_many()
        .col_expr(nodes::Column::LeaseUntil, end(tx, lease))
        .filter(nodes::Column::Id.eq(id.0))
        .filter(Guard::Holder { epoch }.condition())
        .exec(&tx.db)
        .await?;
    held(tx, id, &renewed).await
}

/// Gives the lock back.
///
/// # Errors
/// As [`renew`].
pub async fn release(tx: &Tx<'_>, id: NodeId, epoch: i64) -> Result<(), StoreError> {
    let released = nodes::Entity::update_many()
        .col_expr(nodes::Column::Reservation, Expr::value(None::<String>))
        .col_expr(nodes::Column::LeaseUntil, Expr::value(None::<i64>))
        .filter(nodes::Column::Id.eq(id.0))
        .filter(Guard::Holder { epoch }.condition())
        .exec(&tx.db)
        .await?;
    held(tx, id, &released).await
}

/// Whether the lock of this epoch is still held; for transactions that do not write the node.
///
/// # Errors
/// As [`renew`].
pub async fn check(tx: &Tx<'_>, id: NodeId, epoch: i64) -> Result<(), StoreError> {
    let held = nodes::Entity::find()
        .select_only()
        .column(nodes::Column::Id)
        .filter(nodes::Column::Id.eq(id.0))
        .filter(Guard::Holder { epoch }.condition())
        .into_tuple::<Uuid>()
        .one(&tx.db)
        .await?;
    if held.is_some() { Ok(()) } else { Err(why_not(tx, id).await?) }
}

/// Takes over every lock that is held, each with a new epoch, and returns those nodes: the start
/// of the only conductor of a SQLite database, whose file lock says that the holder is gone.
///
/// # Errors
/// What the database answers.
pub async fn take_over_all(tx: &Tx<'_>, host: &str, lease: Duration) -> Result<Vec<NodeRow>, StoreError> {
    begin_lease(tx, host, lease).filter(nodes::Column::Reservation.is_not_null()).exec(&tx.db).await?;
    let ids: Vec<Uuid> = nodes::Entity::find()
        .select_only()
        .column(nodes::Column::Id)
        .filter(nodes::Column::Reservation.is_not_null())
        .into_tuple()
        .all(&tx.db)
        .await?;
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        taken.push(get(tx, NodeId(id)).await?);
    }
    Ok(taken)
}

fn begin_lease(tx: &Tx<'_>, host: &str, lease: Duration) -> UpdateMany<nodes::Entity> {
    nodes::Entity::update_many()
        .col_expr(nodes::Column::Reservation, Expr::value(host))
        .col_expr(nodes::Column::LeaseEpoch, Expr::col(nodes::Column::LeaseEpoch).add(1))
        .col_expr(nodes::Column::LeaseUntil, end(tx, lease))
}

/// When a lease that begins now ends, by the database's clock.
fn end(conn: &Conn<'_>, lease: Duration) -> Expr {
    conn.now().add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 2))
}

async fn held(tx: &Tx<'_>, id: NodeId, result: &UpdateResult) -> Result<(), StoreError> {
    if result.rows_affected == 1 { Ok(()) } else { Err(why_not(tx, id).await?) }
}
