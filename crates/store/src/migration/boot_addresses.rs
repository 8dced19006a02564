//! The address that Neutron gives to a NIC, by which a machine that asks over TFTP is known.

use async_trait::async_trait;
use sea_orm::{DbErr, sea_query::Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, schema::string_null};

use super::first::index;

pub struct BootAddresses;

const TABLE: &str = "boot_records";

impl MigrationName for BootAddresses {
    fn name(&self) -> &str {
        "m0003_boot_addresses"
    }
}

#[async_trait]
impl MigrationTrait for BootAddresses {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let column = Table::alter().table(TABLE).add_column(string_null("address")).to_owned();
        schema.alter_table(column).await?;
        schema.create_index(index(TABLE, &["address"])).await
    }
}
