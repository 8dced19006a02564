//! The schema's versions. Each migration is written once, in types that all databases have.

mod boot_addresses;
mod first;
mod portgroups;
mod queue_index;
mod several;

use sea_orm::{DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The schema that this release works with: the number of its migrations.
pub const VERSION: i32 = 5;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(first::First),
            Box::new(portgroups::Portgroups),
            Box::new(boot_addresses::BootAddresses),
            Box::new(several::Several),
            Box::new(queue_index::QueueIndex),
        ]
    }
}

/// Applies what the database lacks, as part of `transaction`.
pub async fn up(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    Migrator::up(transaction, None).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_counts_the_migrations() {
        assert_eq!(usize::try_from(VERSION).unwrap(), Migrator::migrations().len());
    }
}
