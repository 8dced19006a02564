//! Which NICs get boot answers now, and from what they are rendered.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "boot_records")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub mac: String,
    pub run_id: Uuid,
    pub node_id: Uuid,
    pub record: String,
    pub address: Option<String>,
}

crate::row::from_row!(Model { mac, run_id, node_id, record, address });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
