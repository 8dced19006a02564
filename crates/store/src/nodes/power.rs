//! The nodes whose power is looked at without anybody asking.

use assay_core::{id::NodeId, power_sync::FAULT};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    Conn, StoreError,
    entity::{nodes, runs},
};

/// Those of a conductor group whose power is kept: verified, not in maintenance, and nobody is at work on them. A node that
/// waits for its ramdisk is among them.
///
/// # Errors
/// What the database answers.
pub async fn kept(conn: &Conn<'_>, group: &str) -> Result<Vec<NodeId>, StoreError> {
    const UNVERIFIED: [&str; 3] = ["enroll", "verifying", "adopt failed"];
    let open_run = Query::select()
        .expr(Expr::val(1))
        .from(runs::Entity)
        .and_where(Expr::col((runs::Entity, runs::Column::NodeId)).equals((nodes::Entity, nodes::Column::Id)))
        .and_where(runs::Column::Open.eq(true))
        .to_owned();
    let at_rest = nodes::Column::ProvisionState.eq("inspect wait").or(Expr::exists(open_run).not());
    let kept = of_group(group)
        .filter(nodes::Column::Maintenance.eq(false))
        .filter(nodes::Column::ProvisionState.is_not_in(UNVERIFIED))
        .filter(nodes::Column::TargetPowerState.is_null())
        .filter(at_rest);
    ids(conn, kept).await
}

/// Those of a conductor group that were given up for their power.
///
/// # Errors
/// What the database answers.
pub async fn given_up(conn: &Conn<'_>, group: &str) -> Result<Vec<NodeId>, StoreError> {
    let given_up = nodes::Column::Maintenance.eq(true).and(nodes::Column::Fault.eq(FAULT));
    ids(conn, of_group(group).filter(given_up)).await
}

fn of_group(group: &str) -> sea_orm::Select<nodes::Entity> {
    nodes::Entity::find()
        .filter(nodes::Column::ConductorGroup.eq(group))
        .filter(nodes::Column::Reservation.is_null())
        .order_by_asc(nodes::Column::Seq)
}

async fn ids(conn: &Conn<'_>, select: sea_orm::Select<nodes::Entity>) -> Result<Vec<NodeId>, StoreError> {
    let ids: Vec<Uuid> = conn.all(&select.select_only().column(nodes::Column::Id).into_query()).await?;
    Ok(ids.into_iter().map(NodeId).collect())
}
