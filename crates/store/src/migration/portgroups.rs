//! Port groups.

use async_trait::async_trait;
use sea_orm::DbErr;
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    schema::{big_integer, big_integer_null, boolean, string, string_null, uuid},
};

use super::first::{Types, index, sequence, table};

pub struct Portgroups;

impl MigrationName for Portgroups {
    fn name(&self) -> &str {
        "m0002_portgroups"
    }
}

#[async_trait]
impl MigrationTrait for Portgroups {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let types = Types(schema.get_database_backend());
        let portgroups = table("portgroups")
            .col(sequence())
            .col(uuid("id").unique_key())
            .col(uuid("node_id"))
            .col(string_null("address").unique_key())
            .col(string_null("name").unique_key())
            .col(string("mode"))
            .col(boolean("standalone_ports_supported"))
            .col(big_integer("created_at"))
            .col(big_integer_null("updated_at"))
            .col(types.long_text("doc").not_null())
            .to_owned();
        types.create(schema, portgroups).await?;
        schema.create_index(index("ports", &["portgroup_id"])).await?;
        schema.create_index(index("portgroups", &["node_id"])).await
    }
}
