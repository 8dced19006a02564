//! Runs; `open_node` holds the node while an exclusive run is open, and is unique.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub node_id: Uuid,
    pub kind: String,
    pub phase: String,
    pub open: bool,
    pub open_node: Option<Uuid>,
    pub wake_at: Option<i64>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
    pub version: i64,
    pub doc: String,
    pub node_doc: Option<String>,
    #[serde(with = "super::bytes::optional")]
    pub node_secrets: Option<Vec<u8>>,
    pub asked: Option<String>,
    pub owner: Option<String>,
    pub bmc: Option<String>,
    pub admitted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
