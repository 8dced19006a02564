//! A node's history of errors and events.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "history")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub node_id: Uuid,
    pub created_at: i64,
    pub severity: String,
    pub event_type: String,
    pub event: String,
    pub conductor: String,
    pub user: Option<String>,
}

crate::row::from_row!(Model { seq, id, node_id, created_at, severity, event_type, event, conductor, user });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
