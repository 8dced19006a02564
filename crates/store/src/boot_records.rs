//! Which NICs get boot answers now, and what the answers are rendered from.

use std::net::IpAddr;

use assay_core::{boot::BootRecord, id::RunId, mac::MacAddress};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::boot_records::{ActiveModel, Column as C, Entity, Model},
};

/// A record and the run that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// The run.
    pub run: RunId,
    /// What the answers are rendered from.
    pub record: BootRecord,
}

/// From now on the record's NICs are answered for `run`, and for no other.
///
/// # Errors
/// What the database answers.
pub async fn put(tx: &Tx<'_>, run: RunId, record: &BootRecord) -> Result<(), StoreError> {
    let text = serde_json::to_string(record).map_err(|error| StoreError::corrupt("boot_records", &run, &error))?;
    let rows: Vec<_> = record
        .macs
        .iter()
        .map(|mac| ActiveModel {
            mac: Set(mac.to_string()),
            run_id: Set(run.0),
            node_id: Set(record.node.0),
            record: Set(text.clone()),
            address: Set(record.addresses_of(*mac).next().map(|address| address.to_string())),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::column(C::Mac).update_columns([C::RunId, C::NodeId, C::Record, C::Address]).to_owned();
    tx.exec(&Entity::insert_many(rows).on_conflict(replace).into_query()).await?;
    Ok(())
}

/// Answers no NIC for `run` any more.
///
/// # Errors
/// What the database answers.
pub async fn remove(tx: &Tx<'_>, run: RunId) -> Result<(), StoreError> {
    tx.exec(&Entity::delete_many().filter(C::RunId.eq(run.0)).into_query()).await?;
    Ok(())
}

/// What a NIC is answered from; `None`: it is not answered.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn by_mac(conn: &Conn<'_>, mac: MacAddress) -> Result<Option<RunRecord>, StoreError> {
    one(conn, Entity::find_by_id(mac.to_string())).await
}

/// What the NIC is answered from to which Neutron gives this address first.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn by_address(conn: &Conn<'_>, address: IpAddr) -> Result<Option<RunRecord>, StoreError> {
    one(conn, Entity::find().filter(C::Address.eq(address.to_string()))).await
}

/// What the NICs of `run` are answered from; `None`: they are not.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn of_run(conn: &Conn<'_>, run: RunId) -> Result<Option<RunRecord>, StoreError> {
    one(conn, Entity::find().filter(C::RunId.eq(run.0))).await
}

async fn one(conn: &Conn<'_>, select: Select<Entity>) -> Result<Option<RunRecord>, StoreError> {
    conn.one(&select.limit(1).into_query()).await?.as_ref().map(parse).transpose()
}

/// The runs that have records, each once: `assay audit` compares them with the open ones.
///
/// # Errors
/// What the database answers.
pub async fn runs(conn: &Conn<'_>) -> Result<Vec<RunId>, StoreError> {
    let ids: Vec<Uuid> = conn.all(&Entity::find().select_only().column(C::RunId).distinct().into_query()).await?;
    Ok(ids.into_iter().map(RunId).collect())
}

fn parse(row: &Model) -> Result<RunRecord, StoreError> {
    let record =
        serde_json::from_str(&row.record).map_err(|error| StoreError::corrupt("boot_records", &row.mac, &error))?;
    Ok(RunRecord { run: RunId(row.run_id), record })
}
