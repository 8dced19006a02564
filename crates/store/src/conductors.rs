//! The conductors that serve here, and when each was last heard of, by the database's clock.

use std::time::Duration;

use assay_core::node::Timestamp;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    Conn, StoreError, Tx,
    entity::conductors::{Column as C, Entity},
    time::timestamp,
};

/// A conductor as it announces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its host name, which also stands in `reservation`.
    pub hostname: String,
    /// The group of nodes that it serves.
    pub conductor_group: String,
    /// The hardware types that it has.
    pub drivers: Vec<String>,
}

/// A conductor in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conductor {
    /// What it announced.
    pub registration: Registration,
    /// Whether it was heard of lately.
    pub alive: bool,
    /// When it started.
    pub registered_at: Timestamp,
    /// When it was last heard of.
    pub heartbeat_at: Timestamp,
}

/// Announces a conductor that has started.
///
/// # Errors
/// What the database answers.
pub async fn register(tx: &Tx<'_>, conductor: &Registration) -> Result<(), StoreError> {
    let drivers = serde_json::Value::from(conductor.drivers.clone()).to_string();
    let values = [
        Expr::value(conductor.hostname.as_str()),
        Expr::value(conductor.conductor_group.as_str()),
        Expr::value(drivers),
        tx.now(),
        tx.now(),
    ];
    let replace = OnConflict::column(C::Hostname)
        .update_columns([C::ConductorGroup, C::Drivers, C::RegisteredAt, C::HeartbeatAt])
        .to_owned();
    let insert = Query::insert()
        .into_table(Entity)
        .columns([C::Hostname, C::ConductorGroup, C::Drivers, C::RegisteredAt, C::HeartbeatAt])
        .values_panic(values)
        .on_conflict(replace)
        .to_owned();
    sea_orm::ConnectionTrait::execute(&tx.db, &insert).await?;
    Ok(())
}

/// Says that a conductor is alive.
///
/// # Errors
/// [`StoreError::NotFound`] when it was never announced.
pub async fn heartbeat(tx: &Tx<'_>, hostname: &str) -> Result<(), StoreError> {
    let heard =
        Entity::update_many().col_expr(C::HeartbeatAt, tx.now()).filter(C::Hostname.eq(hostname)).exec(&tx.db).await?;
    if heard.rows_affected == 1 { Ok(()) } else { Err(StoreError::not_found("Conductor", &hostname)) }
}

/// All conductors by name; those not heard of for `timeout` are not alive.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn list(conn: &Conn<'_>, timeout: Duration) -> Result<Vec<Conductor>, StoreError> {
    let rows: Vec<Stored> =
        Entity::find().expr_as(conn.now(), "now").order_by_asc(C::Hostname).into_model().all(&conn.db).await?;
    rows.into_iter().map(|row| row.conductor(timeout)).collect()
}

#[derive(FromQueryResult)]
struct Stored {
    hostname: String,
    conductor_group: String,
    drivers: String,
    registered_at: i64,
    heartbeat_at: i64,
    now: i64,
}

impl Stored {
    fn conductor(self, timeout: Duration) -> Result<Conductor, StoreError> {
        let drivers = serde_json::from_str(&self.drivers)
            .map_err(|error| StoreError::corrupt("conductors", &self.hostname, &error))?;
        let silence = u128::try_from(self.now.saturating_sub(self.heartbeat_at)).unwrap_or(0);
        Ok(Conductor {
            alive: silence <= timeout.as_micros(),
            registration: Registration { hostname: self.hostname, conductor_group: self.conductor_group, drivers },
            registered_at: timestamp(self.registered_at),
            heartbeat_at: timestamp(self.heartbeat_at),
        })
    }
}
