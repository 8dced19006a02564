//! Ports: the NICs of nodes.

use assay_core::{
    id::{NodeId, PortId, PortgroupId},
    mac::MacAddress,
    port::Port,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Query, SelectStatement},
};

use crate::{
    Conn, StoreError, Tx,
    documents::{Documents, Unique},
    entity::{
        nodes,
        ports::{ActiveModel, Column as C, Entity},
    },
    page::Page,
    time::micros,
};

const PORTS: Documents<Entity> =
    Documents { kind: "Port", noun: "port", table: "ports", seq: C::Seq, id: C::Id, name: C::Name, doc: C::Doc };

/// Which ports are asked for; each condition that is given must hold.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are the API's query arguments and documented there")]
pub struct PortFilter {
    pub node: Option<NodeId>,
    pub address: Option<MacAddress>,
    pub portgroup: Option<PortgroupId>,
    /// The node is in one of these.
    pub shards: Option<Vec<String>>,
}

/// What ports can be sorted by: every column of theirs that is not JSON.
#[derive(Clone, Copy, Debug)]
pub struct PortSort(Option<C>);

impl PortSort {
    /// Reads the API's `sort_key`; `id` is the order without a sort key. `None`: not sortable.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Some(Self(match key {
            "id" => None,
            "uuid" => Some(C::Id),
            "address" => Some(C::Address),
            "name" => Some(C::Name),
            "physical_network" => Some(C::PhysicalNetwork),
            "pxe_enabled" => Some(C::PxeEnabled),
            "is_smartnic" => Some(C::IsSmartnic),
            "created_at" => Some(C::CreatedAt),
            "updated_at" => Some(C::UpdatedAt),
            _ => return None,
        }))
    }
}

/// Puts a new port in. That its node exists is for the caller to see to, in the same transaction.
///
/// # Errors
/// [`StoreError::MacAddressInUse`], [`StoreError::DuplicateName`], [`StoreError::AlreadyExists`].
pub async fn insert(tx: &Tx<'_>, port: &Port) -> Result<(), StoreError> {
    PORTS.insert(tx, columns(port)?, unique(port)).await
}

/// The port with this UUID.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, id: PortId) -> Result<Port, StoreError> {
    PORTS.get(conn, id.0).await
}

/// The port with this UUID or name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(conn: &Conn<'_>, uuid_or_name: &str) -> Result<Port, StoreError> {
    PORTS.find(conn, uuid_or_name).await
}

/// All ports of a node, in the order in which they were made.
///
/// # Errors
/// What the database answers.
pub async fn of_node(conn: &Conn<'_>, node: NodeId) -> Result<Vec<Port>, StoreError> {
    list(conn, &PortFilter { node: Some(node), ..PortFilter::default() }, &Page::default()).await
}

/// All ports of a port group, in the order in which they were made.
///
/// # Errors
/// What the database answers.
pub async fn of_portgroup(conn: &Conn<'_>, group: PortgroupId) -> Result<Vec<Port>, StoreError> {
    list(conn, &PortFilter { portgroup: Some(group), ..PortFilter::default() }, &Page::default()).await
}

/// The ports that have one of these addresses.
///
/// # Errors
/// What the database answers.
pub async fn port_by_macs(conn: &Conn<'_>, macs: &[MacAddress]) -> Result<Vec<Port>, StoreError> {
    PORTS.all(conn, Entity::find().filter(C::Address.is_in(macs.iter().map(MacAddress::to_string)))).await
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
        filter.shards.as_ref().map(|shards| C::NodeId.in_subquery(nodes_in(shards))),
    ];
    let select = conditions.into_iter().flatten().fold(Entity::find(), |select, condition| select.filter(condition));
    PORTS.page(conn, select, page, page.sort.and_then(|PortSort(column)| column)).await
}

/// The nodes that are in one of the shards.
fn nodes_in(shards: &[String]) -> SelectStatement {
    let in_one = nodes::Column::Shard.is_in(shards);
    Query::select().column(nodes::Column::Id).from(nodes::Entity).and_where(in_one).to_owned()
}

/// Writes the whole port.
///
/// # Errors
/// [`StoreError::NotFound`], and the duplicates of [`insert`].
pub async fn update(tx: &Tx<'_>, port: &Port) -> Result<(), StoreError> {
    let row = ActiveModel { id: NotSet, created_at: NotSet, ..columns(port)? };
    PORTS.update(tx, row, unique(port)).await
}

/// Deletes a port.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &Tx<'_>, id: PortId) -> Result<(), StoreError> {
    PORTS.delete(tx, id.0).await
}

fn unique(port: &Port) -> Unique<'_> {
    Unique { id: port.id.0, name: port.name.as_deref(), address: Some(port.address) }
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
        doc: Set(PORTS.text(port.id.0, port)?),
    })
}
