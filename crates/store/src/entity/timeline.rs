//! What was seen of a run, in its order.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "timeline")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub run_id: Uuid,
    pub at: i64,
    pub event: String,
    pub text: String,
}

crate::row::from_row!(Model { seq, run_id, at, event, text });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
