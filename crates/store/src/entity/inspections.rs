//! What inspections found; reapply makes a new generation.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "inspections")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub node_id: Uuid,
    pub run_id: Uuid,
    pub generation: i32,
    pub created_at: i64,
    pub inventory: String,
    pub plugin_data: String,
}

crate::row::from_row!(Model { seq, node_id, run_id, generation, created_at, inventory, plugin_data });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
