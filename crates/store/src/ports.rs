//! Ports: the NICs of nodes.

use assay_core::{
    id::{NodeId, PortId, PortgroupId},
    mac::MacAddress,
    port::Port,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::ports::{ActiveModel, Column as C, Entity},
    error::is_duplicate,
    page::{self, Page},
    time::micros,
};

/// Which ports are asked for; each condition that is given must hold.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are the API's query arguments and documented there")]
pub struct PortFilter {
    pub node: Option<NodeId>,
    pub address: Option<MacAddress>,
    pub portgroup: Option<PortgroupId>,
}

/// What ports can be sorted by: every column of theirs that is not JSON.
#[derive(Clone, Copy, Debug)]
pub struct PortSort(C);

impl PortSort {
    /// Reads the API's `sort_key`; `id` is the order without a sort key. `None`: not sortable.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Some(Self(match key {
            "id" => C::Seq,
            "uuid" => C::Id,
            "address" => C::Address,
            "name" => C::Name,
            "physical_network" => C::PhysicalNetwork,
            "pxe_enabled" => C::PxeEnabled,
            "is_smartnic" => C::IsSmartnic,
            "created_at" => C::CreatedAt,
            "updated_at" => C::UpdatedAt,
            _ => return None,
        }))
    }
}

/// Puts a new port in. That its node exists is for the caller to see to, in the same transaction.
///
/// # Errors
/// [`StoreError::MacAddressInUse`], [`StoreError::DuplicateName`], [`StoreError::AlreadyExists`].
pub async fn insert(tx: &Tx<'_>, port: &Port) -> Result<(), StoreError> {
    Entity::insert(columns(port)?).exec_without_returning(&tx.db).await.map_err(|error| refusal(error, port))?;
    Ok(())
}

/// The port with this UUID.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, id: PortId) -> Result<Port, StoreError> {
    let found = all(conn, Entity::find().filter(C::Id.eq(id.0))).await?;
    found.into_iter().next().ok_or_else(|| StoreError::not_found("Port", &id))
}

/// The port with this UUID or name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(conn: &Conn<'_>, uuid_or_name: &str) -> Result<Port, StoreError> {
    let select = match Uuid::parse_str(uuid_or_name) {
        Ok(id) => Entity::find().filter(C::Id.eq(id)),
        Err(_) => Entity::find().filter(C::Name.eq(uuid_or_name)),
    };
    all(conn, select).await?.into_iter().next().ok_or_else(|| StoreError::not_found("Port", &uuid_or_name))
}

/// All ports of a node, in the order in which they were made.
///
/// # Errors
/// What the database answers.
pub async fn of_node(conn: &Conn<'_>, node: NodeId) -> Result<Vec<Port>, StoreError> {
    list(conn, &PortFilter { node: Some(node), ..PortFilter::default() }, &Page::default()).await
}

/// The ports that have one of these addresses.
///
/// # Errors
/// What the database answers.
pub async fn port_by_macs(conn: &Conn<'_>, macs: &[MacAddress]) -> Result<Vec<Port>, StoreError> {
    all(conn, Entity::find().filter(C::Address.is_in(macs.iter().map(MacAddress::to_string)))).await
}

/// A page of a list.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown marker.
pub async fn list(conn: &Conn<'_>, filter: &PortFilter, page: &Page<PortSort>) -> Result<Vec<Port>, StoreError> {
    let conditions = [
        filter.node.map(|node| C::NodeId.eq(node.0)),
        filter.address.map(|address| C::Address.eq(address.to_string())),
        filter.portgroup.map(|group| C::PortgroupId.eq(group.0)),
    ];
    let select = conditions.into_iter().flatten().fold(Entity::find(), |select, condition| select.filter(condition));
    let sort = page.sort.map(|PortSort(column)| column).filter(|column| !matches!(column, C::Seq));
    let columns = page::Columns { kind: "Port", seq: C::Seq, id: C::Id, sort };
    all(conn, page::cut(conn, select, columns, page).await?).await
}

/// Writes the whole port.
///
/// # Errors
/// [`StoreError::NotFound`], and the duplicates of [`insert`].
pub async fn update(tx: &Tx<'_>, port: &Port) -> Result<(), StoreError> {
    let row = ActiveModel { id: NotSet, created_at: NotSet, ..columns(port)? };
    let written = Entity::update_many()
        .set(row)
        .filter(C::Id.eq(port.id.0))
        .exec(&tx.db)
        .await
        .map_err(|error| refusal(error, port))?;
    if written.rows_affected == 1 { Ok(()) } else { Err(StoreError::not_found("Port", &port.id)) }
}

/// Deletes a port.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &Tx<'_>, id: PortId) -> Result<(), StoreError> {
    let deleted = Entity::delete_many().filter(C::Id.eq(id.0)).exec(&tx.db).await?;
    if deleted.rows_affected == 1 { Ok(()) } else { Err(StoreError::not_found("Port", &id)) }
}

async fn all(conn: &Conn<'_>, select: Select<Entity>) -> Result<Vec<Port>, StoreError> {
    let docs: Vec<String> = select.select_only().column(C::Doc).into_tuple().all(&conn.db).await?;
    docs.iter()
        .map(|doc| serde_json::from_str(doc).map_err(|error| StoreError::corrupt("ports", &doc, &error)))
        .collect()
}

fn columns(port: &Port) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        seq: NotSet,
        id: Set(port.id.0),
        node_id: Set(port.node_id.0),
        address: Set(port.address.to_string()),
        name: Set(port.name.clone()),
        portgroup_id: Set(port.portgroup_id.map(|group| group.0)),
        physical_network: Set(port.physical_network.clone()),
        pxe_enabled: Set(port.pxe_enabled),
        is_smartnic: Set(port.is_smartnic),
        created_at: Set(micros(port.created_at)),
        updated_at: Set(port.updated_at.map(micros)),
        doc: Set(serde_json::to_string(port).map_err(|error| StoreError::corrupt("ports", &port.id, &error))?),
    })
}

fn refusal(error: DbErr, port: &Port) -> StoreError {
    if is_duplicate(&error, "ports", "address") {
        StoreError::MacAddressInUse(port.address)
    } else if is_duplicate(&error, "ports", "name") {
        StoreError::DuplicateName { kind: "port", name: port.name.clone().unwrap_or_default() }
    } else if is_duplicate(&error, "ports", "id") {
        StoreError::AlreadyExists { kind: "port", id: port.id.0 }
    } else {
        error.into()
    }
}
