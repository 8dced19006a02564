//! Several conductors: which process is behind a host name, and what one conductor asks of a run that another drives. The queue:
//! whose a run is, which BMC it is about, and when its turn came.

use async_trait::async_trait;
use sea_orm::{DbErr, sea_query::Table};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    schema::{big_integer_null, boolean, string_null},
};

use super::first::index;

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
            ("runs", string_null("owner")),
            ("runs", string_null("bmc")),
            ("runs", big_integer_null("admitted_at")),
        ] {
            schema.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        schema.create_index(index("runs", &["owner", "admitted_at"])).await
    }
}
