//! The addresses that the embedded DHCP server has given out.
//!
//! **Invariant:** an address is one NIC's at a time, and a NIC has one address.

use std::net::Ipv4Addr;

use assay_core::{mac::MacAddress, node::Timestamp};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryTrait as _,
    sea_query::OnConflict,
};

use crate::{
    Conn, StoreError, Tx,
    entity::dhcp_leases::{ActiveModel, Column as C, Entity, Model},
    time::{micros, timestamp},
};

/// One address that was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The NIC.
    pub mac: MacAddress,
    /// Its address.
    pub address: Ipv4Addr,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// Gives or renews an address. Whoever had it, and whatever the NIC had, loses it: the server
/// decides that, here it is only kept.
///
/// # Errors
/// What the database answers.
pub async fn put(tx: &Tx<'_>, lease: &Lease) -> Result<(), StoreError> {
    let address = lease.address.to_string();
    let mac = lease.mac.to_string();
    let others = Entity::delete_many().filter(C::Address.eq(&address).and(C::Mac.ne(&mac)));
    tx.exec(&others.into_query()).await?;
    let row = ActiveModel { mac: Set(mac), address: Set(address), expires_at: Set(micros(lease.expires_at)) };
    let replace = OnConflict::column(C::Mac).update_columns([C::Address, C::ExpiresAt]).to_owned();
    tx.exec(&Entity::insert(row).on_conflict(replace).into_query()).await?;
    Ok(())
}

/// Takes a NIC's address back.
///
/// # Errors
/// What the database answers.
pub async fn remove(tx: &Tx<'_>, mac: MacAddress) -> Result<(), StoreError> {
    tx.exec(&Entity::delete_many().filter(C::Mac.eq(mac.to_string())).into_query()).await?;
    Ok(())
}

/// Every lease, ended or not.
///
/// # Errors
/// [`StoreError::Corrupt`], or what the database answers.
pub async fn list(conn: &Conn<'_>) -> Result<Vec<Lease>, StoreError> {
    conn.all(&Entity::find().into_query()).await?.iter().map(parse).collect()
}

fn parse(row: &Model) -> Result<Lease, StoreError> {
    let mac = row.mac.parse().map_err(|error| StoreError::corrupt("dhcp_leases", &row.mac, &error))?;
    let address = row.address.parse().map_err(|error| StoreError::corrupt("dhcp_leases", &row.mac, &error))?;
    Ok(Lease { mac, address, expires_at: timestamp(row.expires_at) })
}
