//! The only place where the databases' SQL differs: clock, catalogue, and a lock around the schema.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExprTrait as _, Statement,
    sea_query::{Expr, Query, SelectStatement, Value},
};

/// The statement with its limit as a number in its text: a bound limit makes SQLite prepare a
/// statement anew each time that it is run, which costs more than most reads.
pub fn with_literal_limit(mut statement: Statement) -> Statement {
    let bound = statement.values.as_mut().map(|values| &mut values.0);
    let Some((head, bound)) = statement.sql.trim_end().strip_suffix(" LIMIT ?").zip(bound) else { return statement };
    if let Some(&Value::BigUnsigned(Some(limit))) = bound.last() {
        statement.sql = format!("{head} LIMIT {limit}");
        bound.pop();
    }
    statement
}

/// The database's own time in microseconds since 1970: leases are written and compared with it in
/// the same statement, so that the clocks of several conductors don't matter.
pub fn now(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        DbBackend::MySql => "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)",
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    })
}

/// The names of the tables that the database holds.
pub async fn tables(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let statement = table_names(db.get_database_backend());
    db.query_all(&statement).await?.iter().map(|row| row.try_get("", "name")).collect()
}

fn table_names(backend: DbBackend) -> SelectStatement {
    let mut select = Query::select();
    if backend == DbBackend::Sqlite {
        select.column("name").from("sqlite_master").and_where(Expr::col("type").eq("table"));
    } else {
        let own = if backend == DbBackend::Postgres { "CURRENT_SCHEMA()" } else { "DATABASE()" };
        select
            .expr_as(Expr::col("table_name"), "name")
            .from(("information_schema", "tables"))
            .and_where(Expr::col("table_schema").eq(Expr::cust(own)));
    }
    select
}

/// Lets one conductor at a time make or change the schema. The lock ends with the transaction, or with its connection.
pub async fn lock_schema(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let lock = match transaction.get_database_backend() {
        DbBackend::Postgres => "SELECT pg_advisory_xact_lock(6020141)",
        DbBackend::MySql => "SELECT GET_LOCK(CONCAT('assay ', DATABASE()), 10)",
        // Its one conductor holds a lock file.
        _ => return Ok(()),
    };
    transaction.execute_unprepared(lock).await.map(drop)
}

/// Gives that lock back where it would outlast the transaction.
pub async fn unlock_schema(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::MySql {
        db.execute_unprepared("SELECT RELEASE_LOCK(CONCAT('assay ', DATABASE()))").await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _};

    use super::*;
    use crate::entity::nodes;

    #[test]
    fn a_limit_is_part_of_the_text_for_sqlite() {
        let one = |backend| {
            let select = nodes::Entity::find().filter(Expr::col(nodes::Column::Name).eq("a")).limit(1);
            with_literal_limit(select.build(backend))
        };
        let ours = one(DbBackend::Sqlite);
        assert!(ours.sql.ends_with("= ? LIMIT 1"), "{}", ours.sql);
        assert_eq!(ours.values.unwrap().0, [Value::from("a")]);
        let locked = nodes::Entity::find().limit(1).lock_exclusive().build(DbBackend::Sqlite);
        assert!(
            with_literal_limit(locked).sql.ends_with(" LIMIT 1"),
            "a lock, which SQLite has no word for, leaves a space"
        );
        assert!(one(DbBackend::Postgres).sql.ends_with("= $1 LIMIT $2"));
    }
}
