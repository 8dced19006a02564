//! Port groups: the columns that are filtered or sorted, and the whole group as `doc`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "portgroups")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub node_id: Uuid,
    pub address: Option<String>,
    pub name: Option<String>,
    pub mode: String,
    pub standalone_ports_supported: bool,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
