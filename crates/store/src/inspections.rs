//! What inspections found: inventory and plugin data, as JSON text that goes through unread.

use assay_core::{
    id::{NodeId, RunId},
    node::Timestamp,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
};

use crate::{
    Conn, StoreError, Tx,
    entity::inspections::{ActiveModel, Column as C, Entity, Model},
    time::{micros, timestamp},
};

/// One result of an inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The node.
    pub node: NodeId,
    /// The run whose body it was made from.
    pub run: RunId,
    /// 1 for what the run itself stored; reapply makes the next.
    pub generation: i32,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The inventory, a JSON object.
    pub inventory: String,
    /// What the hooks added, a JSON object.
    pub plugin_data: String,
}

impl From<Model> for Inspection {
    fn from(row: Model) -> Self {
        Self {
            node: NodeId(row.node_id),
            run: RunId(row.run_id),
            generation: row.generation,
            created_at: timestamp(row.created_at),
            inventory: row.inventory,
            plugin_data: row.plugin_data,
        }
    }
}

/// Stores what a run has found, unless something is stored of it already; whether it was stored.
///
/// # Errors
/// What the database answers.
pub async fn insert(tx: &Tx<'_>, inspection: Inspection) -> Result<bool, StoreError> {
    let of_run = C::NodeId.eq(inspection.node.0).and(C::RunId.eq(inspection.run.0));
    let stored = Entity::find().select_only().column(C::Generation).filter(of_run).limit(1);
    if tx.one::<i32>(&stored.into_query()).await?.is_some() {
        return Ok(false);
    }
    let row = ActiveModel {
        seq: NotSet,
        node_id: Set(inspection.node.0),
        run_id: Set(inspection.run.0),
        generation: Set(inspection.generation),
        created_at: Set(micros(inspection.created_at)),
        inventory: Set(inspection.inventory),
        plugin_data: Set(inspection.plugin_data),
    };
    tx.exec(&Entity::insert(row).into_query()).await?;
    Ok(true)
}

/// The node's latest result.
///
/// # Errors
/// [`StoreError::NotFound`] when it was never inspected.
pub async fn latest(conn: &Conn<'_>, node: NodeId) -> Result<Inspection, StoreError> {
    let select = Entity::find().filter(C::NodeId.eq(node.0)).order_by_desc(C::Seq).limit(1);
    let row: Option<Model> = conn.one(&select.into_query()).await?;
    row.map(Inspection::from).ok_or_else(|| StoreError::not_found("Inventory of node", &node))
}
