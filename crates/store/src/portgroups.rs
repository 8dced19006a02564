//! Port groups: NICs of nodes that are one link together. Which ports are in one, the ports say.

use assay_core::{
    id::{NodeId, PortgroupId},
    mac::MacAddress,
    portgroup::Portgroup,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
};

use crate::{
    Conn, StoreError, Tx,
    documents::{Documents, Unique},
    entity::portgroups::{ActiveModel, Column as C, Entity},
    page::Page,
    time::micros,
};

const GROUPS: Documents<Entity> = Documents {
    kind: "Portgroup",
    noun: "portgroup",
    table: "portgroups",
    seq: C::Seq,
    id: C::Id,
    name: C::Name,
    doc: C::Doc,
};

/// Which groups are asked for; each condition that is given must hold.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are the API's query arguments and documented there")]
pub struct PortgroupFilter {
    pub node: Option<NodeId>,
    pub address: Option<MacAddress>,
}

/// What groups can be sorted by: every column of theirs that is not JSON.
#[derive(Clone, Copy, Debug)]
pub struct PortgroupSort(Option<C>);

impl PortgroupSort {
    /// Reads the API's `sort_key`; `id` is the order without a sort key. `None`: not sortable.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Some(Self(match key {
            "id" => None,
            "uuid" => Some(C::Id),
            "address" => Some(C::Address),
            "name" => Some(C::Name),
            "mode" => Some(C::Mode),
            "standalone_ports_supported" => Some(C::StandalonePortsSupported),
            "created_at" => Some(C::CreatedAt),
            "updated_at" => Some(C::UpdatedAt),
            _ => return None,
        }))
    }
}

/// Puts a new group in. That its node exists is for the caller to see to, in the same transaction.
///
/// # Errors
/// [`StoreError::MacAddressInUse`], [`StoreError::DuplicateName`], [`StoreError::AlreadyExists`].
pub async fn insert(tx: &Tx<'_>, group: &Portgroup) -> Result<(), StoreError> {
    GROUPS.insert(tx, columns(group)?, unique(group)).await
}

/// The group with this UUID.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, id: PortgroupId) -> Result<Portgroup, StoreError> {
    GROUPS.get(conn, id.0).await
}

/// The group with this UUID or name.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(conn: &Conn<'_>, uuid_or_name: &str) -> Result<Portgroup, StoreError> {
    GROUPS.find(conn, uuid_or_name).await
}

/// All groups of a node, in the order in which they were made.
///
/// # Errors
/// What the database answers.
pub async fn of_node(conn: &Conn<'_>, node: NodeId) -> Result<Vec<Portgroup>, StoreError> {
    list(conn, &PortgroupFilter { node: Some(node), ..PortgroupFilter::default() }, &Page::default()).await
}

/// A page of a list.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown marker.
pub async fn list(
    conn: &Conn<'_>,
    filter: &PortgroupFilter,
    page: &Page<PortgroupSort>,
) -> Result<Vec<Portgroup>, StoreError> {
    let conditions = [
        filter.node.map(|node| C::NodeId.eq(node.0)),
        filter.address.map(|address| C::Address.eq(address.to_string())),
    ];
    let select = conditions.into_iter().flatten().fold(Entity::find(), |select, condition| select.filter(condition));
    GROUPS.page(conn, select, page, page.sort.and_then(|PortgroupSort(column)| column)).await
}

/// Writes the whole group.
///
/// # Errors
/// [`StoreError::NotFound`], and the duplicates of [`insert`].
pub async fn update(tx: &Tx<'_>, group: &Portgroup) -> Result<(), StoreError> {
    let row = ActiveModel { id: NotSet, created_at: NotSet, ..columns(group)? };
    GROUPS.update(tx, row, unique(group)).await
}

/// Deletes a group. That no port is in it is for the caller to see to, in the same transaction.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &Tx<'_>, id: PortgroupId) -> Result<(), StoreError> {
    GROUPS.delete(tx, id.0).await
}

fn unique(group: &Portgroup) -> Unique<'_> {
    Unique { id: group.id.0, name: group.name.as_deref(), address: group.address }
}

fn columns(group: &Portgroup) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        seq: NotSet,
        id: Set(group.id.0),
        node_id: Set(group.node_id.0),
        address: Set(group.address.map(|address| address.to_string())),
        name: Set(group.name.clone()),
        mode: Set(group.mode.clone()),
        standalone_ports_supported: Set(group.standalone_ports_supported),
        created_at: Set(micros(group.created_at)),
        updated_at: Set(group.updated_at.map(micros)),
        doc: Set(GROUPS.text(group.id.0, group)?),
    })
}
