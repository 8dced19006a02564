//! Ports: the columns that are filtered or sorted, and the whole port as `doc`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "ports")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub node_id: Uuid,
    pub address: String,
    pub name: Option<String>,
    pub portgroup_id: Option<Uuid>,
    pub physical_network: Option<String>,
    pub pxe_enabled: bool,
    pub is_smartnic: bool,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub doc: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
