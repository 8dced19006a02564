//! Nodes: the columns that are filtered, sorted or shown in short lists, and the whole node as `doc`.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "nodes")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub name: Option<String>,
    pub driver: String,
    pub provision_state: String,
    pub target_provision_state: Option<String>,
    pub power_state: Option<String>,
    pub target_power_state: Option<String>,
    pub maintenance: bool,
    pub fault: Option<String>,
    pub instance_uuid: Option<Uuid>,
    pub chassis_uuid: Option<Uuid>,
    pub parent_node: Option<Uuid>,
    pub resource_class: Option<String>,
    pub conductor_group: String,
    pub owner: Option<String>,
    pub lessee: Option<String>,
    pub shard: Option<String>,
    pub description: Option<String>,
    pub retired: bool,
    pub protected: bool,
    pub reservation: Option<String>,
    pub lease_epoch: i64,
    pub lease_until: Option<i64>,
    pub version: i64,
    pub provision_updated_at: Option<i64>,
    pub inspection_started_at: Option<i64>,
    pub inspection_finished_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub doc: String,
    #[serde(with = "super::bytes::optional")]
    pub secrets: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
