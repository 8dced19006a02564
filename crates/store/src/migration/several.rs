//! Several conductors: which process is behind a host name, and what one conductor asks of a run that another drives.

use async_trait::async_trait;
use sea_orm::{DbErr, sea_query::Table};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    schema::{boolean, string_null},
};

pub struct Several;

impl MigrationName for Several {
    fn name(&self) -> &str {
        "m0004_several"
    }
}

#[async_trait]
impl MigrationTrait for Several {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("conductors", string_null("process")),
            ("conductors", boolean("stopped").default(false).to_owned()),
            ("runs", string_null("asked")),
        ] {
            schema.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
