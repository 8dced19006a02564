//! The first schema.
//!
//! Times are microseconds since 1970. `seq` orders rows as they were made, which is the order of
//! a list without a sort key.

use async_trait::async_trait;
use sea_orm::{
    DbBackend, DbErr,
    sea_query::{Alias, ColumnDef, Index, IndexCreateStatement, Table, TableCreateStatement},
};
use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    schema::{big_integer, big_integer_null, boolean, integer, string, string_null, text_null, uuid, uuid_null},
};

pub struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "m0001_first"
    }
}

#[async_trait]
impl MigrationTrait for First {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let types = Types(schema.get_database_backend());
        let tables = [
            types.assay_meta(),
            types.nodes(),
            types.ports(),
            types.runs(),
            types.timeline(),
            types.bodies(),
            types.inspections(),
            types.history(),
            types.conductors(),
            types.boot_records(),
            types.dhcp_leases(),
        ];
        for table in tables {
            types.create(schema, table).await?;
        }
        for index in indexes() {
            schema.create_index(index).await?;
        }
        Ok(())
    }
}

/// Column types whose names differ: MariaDB's plain TEXT and BLOB end at 64 KiB.
pub(super) struct Types(pub(super) DbBackend);

impl Types {
    /// Makes a table. MariaDB's own collations take `Node-1` and `node-1`, or a name and the same with a space, for equal.
    pub(super) async fn create(
        &self,
        schema: &SchemaManager<'_>,
        mut table: TableCreateStatement,
    ) -> Result<(), DbErr> {
        if self.0 == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_nopad_bin");
        }
        schema.create_table(table).await
    }

    pub(super) fn long_text(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.0 {
            DbBackend::MySql => column.custom(Alias::new("LONGTEXT")),
            _ => column.text(),
        };
        column
    }

    fn long_blob(&self, name: &'static str) -> ColumnDef {
        let mut column = ColumnDef::new(name);
        match self.0 {
            DbBackend::MySql => column.custom(Alias::new("LONGBLOB")),
            _ => column.blob(),
        };
        column
    }

    fn assay_meta(&self) -> TableCreateStatement {
        table("assay_meta")
            .col(integer("id").primary_key())
            .col(string("instance"))
            .col(integer("schema"))
            .col(self.long_blob("key_check").not_null())
            .to_owned()
    }

    fn nodes(&self) -> TableCreateStatement {
        let mut nodes = table("nodes");
        nodes.col(sequence()).col(uuid("id").unique_key()).col(string_null("name").unique_key()).col(string("driver"));
        for name in ["provision_state", "conductor_group"] {
            nodes.col(string(name));
        }
        for name in [
            "target_provision_state",
            "power_state",
            "target_power_state",
            "fault",
            "resource_class",
            "owner",
            "lessee",
            "shard",
            "reservation",
        ] {
            nodes.col(string_null(name));
        }
        for name in ["maintenance", "retired", "protected"] {
            nodes.col(boolean(name));
        }
        for name in ["chassis_uuid", "parent_node"] {
            nodes.col(uuid_null(name));
        }
        for name in
            ["lease_until", "provision_updated_at", "inspection_started_at", "inspection_finished_at", "updated_at"]
        {
            nodes.col(big_integer_null(name));
        }
        for name in ["lease_epoch", "version", "created_at"] {
            nodes.col(big_integer(name));
        }
        nodes
            .col(uuid_null("instance_uuid").unique_key())
            .col(text_null("description"))
            .col(self.long_text("doc").not_null())
            .col(self.long_blob("secrets"))
            .to_owned()
    }

    fn ports(&self) -> TableCreateStatement {
        table("ports")
            .col(sequence())
            .col(uuid("id").unique_key())
            .col(uuid("node_id"))
            .col(string("address").unique_key())
            .col(string_null("name").unique_key())
            .col(uuid_null("portgroup_id"))
            .col(string_null("physical_network"))
            .col(boolean("pxe_enabled"))
            .col(boolean("is_smartnic"))
            .col(big_integer("created_at"))
            .col(big_integer_null("updated_at"))
            .col(self.long_text("doc").not_null())
            .to_owned()
    }

    fn runs(&self) -> TableCreateStatement {
        table("runs")
            .col(sequence())
            .col(uuid("id").unique_key())
            .col(uuid("node_id"))
            .col(string("kind"))
            .col(string("phase"))
            .col(boolean("open"))
            .col(uuid_null("open_node").unique_key())
            .col(big_integer_null("wake_at"))
            .col(big_integer("created_at"))
            .col(big_integer_null("ended_at"))
            .col(big_integer("version"))
            .col(self.long_text("doc").not_null())
            .col(self.long_text("node_doc"))
            .col(self.long_blob("node_secrets"))
            .to_owned()
    }

    fn timeline(&self) -> TableCreateStatement {
        table("timeline")
            .col(sequence())
            .col(uuid("run_id"))
            .col(big_integer("at"))
            .col(string("event"))
            .col(self.long_text("text").not_null())
            .to_owned()
    }

    fn bodies(&self) -> TableCreateStatement {
        table("bodies")
            .col(uuid("id").primary_key())
            .col(uuid("run_id").unique_key())
            .col(big_integer("received_at"))
            .col(big_integer("size"))
            .col(self.long_text("reply"))
            .col(self.long_blob("bytes").not_null())
            .to_owned()
    }

    fn inspections(&self) -> TableCreateStatement {
        table("inspections")
            .col(sequence())
            .col(uuid("node_id"))
            .col(uuid("run_id"))
            .col(integer("generation"))
            .col(big_integer("created_at"))
            .col(self.long_text("inventory").not_null())
            .col(self.long_text("plugin_data").not_null())
            .to_owned()
    }

    fn history(&self) -> TableCreateStatement {
        table("history")
            .col(sequence())
            .col(uuid("id").unique_key())
            .col(uuid("node_id"))
            .col(big_integer("created_at"))
            .col(string("severity"))
            .col(string("event_type"))
            .col(self.long_text("event").not_null())
            .col(string("conductor"))
            .col(string_null("user"))
            .to_owned()
    }

    fn conductors(&self) -> TableCreateStatement {
        table("conductors")
            .col(string("hostname").primary_key())
            .col(string("conductor_group"))
            .col(self.long_text("drivers").not_null())
            .col(big_integer("registered_at"))
            .col(big_integer("heartbeat_at"))
            .to_owned()
    }

    fn boot_records(&self) -> TableCreateStatement {
        table("boot_records")
            .col(string("mac").primary_key())
            .col(uuid("run_id"))
            .col(uuid("node_id"))
            .col(self.long_text("record").not_null())
            .to_owned()
    }

    fn dhcp_leases(&self) -> TableCreateStatement {
        table("dhcp_leases")
            .col(string("mac").primary_key())
            .col(string("address").unique_key())
            .col(big_integer("expires_at"))
            .to_owned()
    }
}

pub(super) fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).to_owned()
}

pub(super) fn sequence() -> ColumnDef {
    ColumnDef::new("seq").big_integer().not_null().auto_increment().primary_key().to_owned()
}

fn indexes() -> [IndexCreateStatement; 9] {
    [
        index("nodes", &["provision_state"]),
        index("ports", &["node_id"]),
        index("runs", &["node_id"]),
        index("runs", &["wake_at"]),
        index("runs", &["open"]),
        index("timeline", &["run_id"]),
        index("inspections", &["node_id"]),
        index("history", &["node_id"]),
        index("boot_records", &["run_id"]),
    ]
}

pub(super) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("ix_{table}_{}", columns.join("_"))).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
