//! The conductors that serve here, and when each was last heard of, by the database's clock.

use std::time::Duration;

use assay_core::node::Timestamp;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    Conn, StoreError, Tx,
    entity::conductors::{Column as C, Entity, Model},
    row::from_row,
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
    /// Which process it is: another one with the same host name has another text.
    pub process: String,
}

/// The process that a host name belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// As it announced itself; `None`: an earlier release did not tell.
    pub process: Option<String>,
    /// It has said that it ends.
    pub stopped: bool,
    /// When it was last heard of.
    pub heartbeat_at: Timestamp,
}

/// Who has this host name now, if anybody has had it.
///
/// # Errors
/// What the database answers.
pub async fn holder(conn: &Conn<'_>, hostname: &str) -> Result<Option<Holder>, StoreError> {
    found(conn, Entity::find_by_id(hostname)).await
}

async fn found(conn: &Conn<'_>, select: Select<Entity>) -> Result<Option<Holder>, StoreError> {
    let row: Option<Model> = conn.one(&select.into_query()).await?;
    Ok(row.map(|row| Holder { process: row.process, stopped: row.stopped, heartbeat_at: timestamp(row.heartbeat_at) }))
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

/// Announces a conductor that has started, in place of `seen`, who had the host name before.
///
/// # Errors
/// [`StoreError::HostTaken`] when somebody else has it by now.
pub async fn register(tx: &Tx<'_>, conductor: &Registration, seen: Option<&Holder>) -> Result<(), StoreError> {
    let now = found(tx, Entity::find_by_id(&conductor.hostname).lock_exclusive()).await?;
    if now.and_then(|now| now.process) != seen.and_then(|seen| seen.process.clone()) {
        return Err(StoreError::HostTaken(conductor.hostname.clone()));
    }
    let drivers = serde_json::Value::from(conductor.drivers.clone()).to_string();
    let values = [
        Expr::value(conductor.hostname.as_str()),
        Expr::value(conductor.conductor_group.as_str()),
        Expr::value(drivers),
        tx.now(),
        tx.now(),
        Expr::value(conductor.process.as_str()),
        Expr::value(false),
    ];
    let replace = OnConflict::column(C::Hostname)
        .update_columns([C::ConductorGroup, C::Drivers, C::RegisteredAt, C::HeartbeatAt, C::Process, C::Stopped])
        .to_owned();
    let insert = Query::insert()
        .into_table(Entity)
        .columns([C::Hostname, C::ConductorGroup, C::Drivers, C::RegisteredAt, C::HeartbeatAt, C::Process, C::Stopped])
        .values_panic(values)
        .on_conflict(replace)
        .to_owned();
    tx.exec(&insert).await?;
    Ok(())
}

/// Says that a conductor is alive.
///
/// # Errors
/// [`StoreError::HostTaken`] when another process has its host name.
pub async fn heartbeat(tx: &Tx<'_>, hostname: &str, process: &str) -> Result<(), StoreError> {
    let beat = Entity::update_many().col_expr(C::HeartbeatAt, tx.now()).filter(is_it(hostname, process));
    if tx.exec(&beat.into_query()).await? == 1 { Ok(()) } else { Err(StoreError::HostTaken(hostname.to_owned())) }
}

/// Says that a conductor ends in good order: its host name is free at once.
///
/// # Errors
/// What the database answers.
pub async fn sign_off(tx: &Tx<'_>, hostname: &str, process: &str) -> Result<(), StoreError> {
    let stop = Entity::update_many().col_expr(C::Stopped, Expr::value(true)).filter(is_it(hostname, process));
    tx.exec(&stop.into_query()).await?;
    Ok(())
}

fn is_it(hostname: &str, process: &str) -> Expr {
    C::Hostname.eq(hostname).and(C::Process.eq(process))
}

/// All conductors by name; those not heard of for `timeout` are not alive.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn list(conn: &Conn<'_>, timeout: Duration) -> Result<Vec<Conductor>, StoreError> {
    let select = Entity::find().expr_as(conn.now(), "now").order_by_asc(C::Hostname);
    let rows: Vec<Stored> = conn.all(&select.into_query()).await?;
    rows.into_iter().map(|row| row.conductor(timeout)).collect()
}

struct Stored {
    hostname: String,
    conductor_group: String,
    drivers: String,
    registered_at: i64,
    heartbeat_at: i64,
    process: Option<String>,
    stopped: bool,
    now: i64,
}

from_row!(Stored { hostname, conductor_group, drivers, registered_at, heartbeat_at, process, stopped, now });

impl Stored {
    fn conductor(self, timeout: Duration) -> Result<Conductor, StoreError> {
        let drivers = serde_json::from_str(&self.drivers)
            .map_err(|error| StoreError::corrupt("conductors", &self.hostname, &error))?;
        let silence = u128::try_from(self.now.saturating_sub(self.heartbeat_at)).unwrap_or(0);
        Ok(Conductor {
            alive: !self.stopped && silence <= timeout.as_micros(),
            registration: Registration {
                hostname: self.hostname,
                conductor_group: self.conductor_group,
                drivers,
                process: self.process.unwrap_or_default(),
            },
            registered_at: timestamp(self.registered_at),
            heartbeat_at: timestamp(self.heartbeat_at),
        })
    }
}
