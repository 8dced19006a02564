//! An index that holds all that the queue of inspections is decided by: a request for an inspection reads no run for it.

use async_trait::async_trait;
use sea_orm::{DbErr, sea_query::Index};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use super::first::index;

pub struct QueueIndex;

const TABLE: &str = "runs";

impl MigrationName for QueueIndex {
    fn name(&self) -> &str {
        "m0005_queue_index"
    }
}

#[async_trait]
impl MigrationTrait for QueueIndex {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema.create_index(index(TABLE, &["open", "phase", "kind", "bmc"])).await?;
        // The new one begins with the same column.
        schema.drop_index(Index::drop().name("ix_runs_open").table(TABLE).to_owned()).await
    }
}
