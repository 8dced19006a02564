//! What the queue of inspections is decided by. A transaction that decides begins with [`take_turns`](crate::meta::take_turns).

use assay_core::{
    node::Timestamp,
    run::{
        RunId,
        queue::{Load, Queued},
    },
};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::runs::{Column as C, Entity},
    time::{micros, timestamp},
};

/// The kinds of runs that are counted.
const INSPECTIONS: [&str; 2] = ["inspect", "introspect"];
const IN_FLIGHT: [&str; 4] = ["start", "wait", "work", "undo"];

/// Notes that a run's turn has come.
///
/// # Errors
/// What the database answers.
pub async fn admit(tx: &Tx<'_>, run: RunId, now: Timestamp) -> Result<(), StoreError> {
    let row = Entity::update_many().col_expr(C::AdmittedAt, Expr::value(micros(now)));
    tx.exec(&row.filter(C::Id.eq(run.0)).into_query()).await?;
    Ok(())
}

/// How many wait for their turn.
///
/// # Errors
/// What the database answers.
pub async fn len(conn: &Conn<'_>) -> Result<usize, StoreError> {
    count(conn, &["queue"]).await
}

/// Who waits for their turn, the first asked first.
///
/// # Errors
/// What the database answers.
pub async fn waiting(conn: &Conn<'_>) -> Result<Vec<Queued>, StoreError> {
    let select = open().filter(C::Phase.eq("queue")).order_by_asc(C::Seq).select_only();
    let rows = conn.all(&select.columns([C::Id, C::Owner, C::Bmc]).into_query()).await?;
    let queued = |(run, owner, bmc): (Uuid, Option<String>, _)| Queued {
        run: RunId(run),
        owner: owner.unwrap_or_default(),
        bmc,
    };
    Ok(rows.into_iter().map(queued).collect())
}

/// What goes on now; when it was last their turn is told of these owners.
///
/// # Errors
/// What the database answers.
pub async fn load(conn: &Conn<'_>, owners: &[&str]) -> Result<Load, StoreError> {
    let in_flight = count(conn, &IN_FLIGHT).await?;
    let starting: Vec<(String, i64)> = conn.all(&starting().into_query()).await?;
    let served = if owners.is_empty() { Vec::new() } else { served(conn, owners).await? };
    Ok(Load {
        in_flight,
        starting: starting.into_iter().map(|(bmc, count)| (bmc, usize::try_from(count).unwrap_or(0))).collect(),
        served: served.into_iter().map(|(owner, at)| (owner, timestamp(at))).collect(),
    })
}

async fn served(conn: &Conn<'_>, owners: &[&str]) -> Result<Vec<(String, i64)>, StoreError> {
    let served = Entity::find()
        .filter(C::Owner.is_in(owners.iter().copied()))
        .filter(C::AdmittedAt.is_not_null())
        .select_only()
        .column(C::Owner)
        .expr(Expr::col(C::AdmittedAt).max())
        .group_by(C::Owner);
    Ok(conn.all(&served.into_query()).await?)
}

async fn count(conn: &Conn<'_>, phases: &[&str]) -> Result<usize, StoreError> {
    let count: Option<i64> = conn.one(&counted(phases).into_query()).await?;
    Ok(count.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX)))
}

/// How many there are in these phases. As in [`starting`], what is counted is a column of the index, which alone is read then.
fn counted(phases: &[&str]) -> Select<Entity> {
    open().filter(C::Phase.is_in(phases.iter().copied())).select_only().expr(C::Open.count())
}

/// How many are on their way to the ramdisk, by BMC address.
fn starting() -> Select<Entity> {
    let with_bmc = open().filter(C::Phase.eq("start")).filter(C::Bmc.is_not_null());
    with_bmc.select_only().column(C::Bmc).expr(C::Bmc.count()).group_by(C::Bmc)
}

fn open() -> Select<Entity> {
    Entity::find().filter(C::Open.eq(true)).filter(C::Kind.is_in(INSPECTIONS))
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;
    use crate::{Store, row::from_row};

    struct Step {
        detail: String,
    }

    from_row!(Step { detail });

    #[tokio::test]
    async fn s12_the_queue_is_decided_without_a_look_at_any_run() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("db").into(), &dir.path().join("key")).await.unwrap();
        for decides in [counted(&["queue"]), counted(&IN_FLIGHT), starting()] {
            let mut statement = decides.build(DbBackend::Sqlite);
            statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            let plan: Vec<Step> = store.read().rows(statement).await.unwrap();
            let detail = &plan[0].detail;
            assert!(detail.contains("USING COVERING INDEX ix_runs_open_phase_kind_bmc"), "{detail}");
        }
    }
}
