//! The conductors that have ever served here.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conductors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hostname: String,
    pub conductor_group: String,
    pub drivers: String,
    pub registered_at: i64,
    pub heartbeat_at: i64,
    pub process: Option<String>,
    pub stopped: bool,
}

crate::row::from_row!(Model { hostname, conductor_group, drivers, registered_at, heartbeat_at, process, stopped });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
