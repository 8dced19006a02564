//! Lists of nodes: a short list reads a few narrow columns, a detailed one the JSON as text.

use assay_core::{id::NodeId, node::Node, provision::ProvisionState};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{Expr, Func, LikeExpr},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::row::parse_doc;
use crate::{
    Conn, StoreError,
    entity::nodes::{Column as C, Entity},
    page::{self, Page},
    row::from_row,
};

/// Which nodes are asked for; each condition that is given must hold.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are the API's query arguments and documented there")]
pub struct NodeFilter {
    pub name: Option<String>,
    pub chassis_uuid: Option<Uuid>,
    pub instance_uuid: Option<Uuid>,
    /// Whether the node has an instance.
    pub associated: Option<bool>,
    pub maintenance: Option<bool>,
    pub retired: Option<bool>,
    /// Whether somebody holds the node's lock.
    pub reserved: Option<bool>,
    pub provision_state: Option<ProvisionState>,
    pub driver: Option<String>,
    pub resource_class: Option<String>,
    pub fault: Option<String>,
    pub conductor_group: Option<String>,
    pub owner: Option<String>,
    pub lessee: Option<String>,
    /// The project is the node's owner or lessee.
    pub project: Option<String>,
    pub description_contains: Option<String>,
    /// Any of these shards.
    pub shards: Option<Vec<String>>,
    /// Whether the node has a shard.
    pub sharded: Option<bool>,
    /// Only the children of this node.
    pub parent_node: Option<Uuid>,
    /// Only nodes that are nobody's child.
    pub without_children: bool,
}

/// What nodes can be sorted by: every column of theirs that is not JSON.
#[derive(Clone, Copy, Debug)]
pub struct NodeSort(C);

impl NodeSort {
    /// Reads the API's `sort_key`; `id` is the order without a sort key. `None`: not sortable.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Some(Self(match key {
            "id" => C::Seq,
            "uuid" => C::Id,
            "name" => C::Name,
            "driver" => C::Driver,
            "provision_state" => C::ProvisionState,
            "target_provision_state" => C::TargetProvisionState,
            "power_state" => C::PowerState,
            "target_power_state" => C::TargetPowerState,
            "maintenance" => C::Maintenance,
            "fault" => C::Fault,
            "instance_uuid" => C::InstanceUuid,
            "parent_node" => C::ParentNode,
            "resource_class" => C::ResourceClass,
            "conductor_group" => C::ConductorGroup,
            "owner" => C::Owner,
            "lessee" => C::Lessee,
            "shard" => C::Shard,
            "description" => C::Description,
            "retired" => C::Retired,
            "protected" => C::Protected,
            "reservation" => C::Reservation,
            "provision_updated_at" => C::ProvisionUpdatedAt,
            "inspection_started_at" => C::InspectionStartedAt,
            "inspection_finished_at" => C::InspectionFinishedAt,
            "created_at" => C::CreatedAt,
            "updated_at" => C::UpdatedAt,
            _ => return None,
        }))
    }
}

/// A node in a short list. States are the API's texts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the API's own and documented there")]
pub struct NodeSummary {
    pub id: Uuid,
    pub name: Option<String>,
    pub instance_uuid: Option<Uuid>,
    pub maintenance: bool,
    pub power_state: Option<String>,
    pub provision_state: String,
}

from_row!(NodeSummary { id, name, instance_uuid, maintenance, power_state, provision_state });

/// A node in a detailed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNode {
    /// The node's UUID.
    pub id: Uuid,
    /// Who holds its lock; `doc` does not say.
    pub reservation: Option<String>,
    /// The node as its own JSON, secrets masked.
    pub doc: String,
}

from_row!(ListedNode { id, reservation, doc });

impl ListedNode {
    /// The node as it may be shown: its secrets stand in `driver_info` as `******`, and what is
    /// shown as it is stored is not parsed. It must never be written back.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn masked(&self) -> Result<Node<&RawValue>, StoreError> {
        Ok(Node { reservation: self.reservation.clone(), ..parse_doc(NodeId(self.id), &self.doc)? })
    }
}

/// A page of a short list.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown marker.
pub async fn summaries(
    conn: &Conn<'_>,
    filter: &NodeFilter,
    page: &Page<NodeSort>,
) -> Result<Vec<NodeSummary>, StoreError> {
    let select = select(conn, filter, page).await?.select_only();
    let columns = [C::Id, C::Name, C::InstanceUuid, C::Maintenance, C::PowerState, C::ProvisionState];
    Ok(conn.all(&select.columns(columns).into_query()).await?)
}

/// A page of a detailed list.
///
/// # Errors
/// [`StoreError::NotFound`] for an unknown marker.
pub async fn list(conn: &Conn<'_>, filter: &NodeFilter, page: &Page<NodeSort>) -> Result<Vec<ListedNode>, StoreError> {
    let select = select(conn, filter, page).await?.select_only();
    Ok(conn.all(&select.columns([C::Id, C::Reservation, C::Doc]).into_query()).await?)
}

/// How many nodes there are.
///
/// # Errors
/// What the database answers.
pub async fn count(conn: &Conn<'_>, filter: &NodeFilter) -> Result<u64, StoreError> {
    let select = filter.apply(Entity::find()).select_only().expr(C::Id.count());
    let count: Option<i64> = conn.one(&select.into_query()).await?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// How many nodes each shard has, and how many are in none, sorted by name.
///
/// # Errors
/// What the database answers.
pub async fn shards(conn: &Conn<'_>) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    let select = Entity::find().select_only().column(C::Shard).column_as(C::Id.count(), "count");
    Ok(conn.all(&select.group_by(C::Shard).order_by_asc(C::Shard).into_query()).await?)
}

async fn select(conn: &Conn<'_>, filter: &NodeFilter, page: &Page<NodeSort>) -> Result<Select<Entity>, StoreError> {
    let sort = page.sort.map(|NodeSort(column)| column).filter(|column| !matches!(column, C::Seq));
    let columns = page::Columns { kind: "Node", seq: C::Seq, id: C::Id, sort };
    page::cut(conn, filter.apply(Entity::find()), columns, page).await
}

impl NodeFilter {
    fn apply(&self, select: Select<Entity>) -> Select<Entity> {
        self.conditions().into_iter().flatten().fold(select, |select, condition| select.filter(condition))
    }

    fn conditions(&self) -> [Option<Expr>; 20] {
        let text = |column: C, value: &Option<String>| value.as_ref().map(|value| column.eq(value.as_str()));
        let has = |column: C, wanted: Option<bool>| {
            wanted.map(|wanted| if wanted { column.is_not_null() } else { column.is_null() })
        };
        [
            text(C::Name, &self.name),
            text(C::Driver, &self.driver),
            text(C::ResourceClass, &self.resource_class),
            text(C::Fault, &self.fault),
            text(C::ConductorGroup, &self.conductor_group),
            text(C::Owner, &self.owner),
            text(C::Lessee, &self.lessee),
            self.chassis_uuid.map(|id| C::ChassisUuid.eq(id)),
            self.instance_uuid.map(|id| C::InstanceUuid.eq(id)),
            self.parent_node.map(|id| C::ParentNode.eq(id)),
            has(C::InstanceUuid, self.associated),
            has(C::Reservation, self.reserved),
            has(C::Shard, self.sharded),
            self.maintenance.map(|value| C::Maintenance.eq(value)),
            self.retired.map(|value| C::Retired.eq(value)),
            self.provision_state.map(|state| C::ProvisionState.eq(state.as_str())),
            self.project.as_ref().map(|id| C::Owner.eq(id.as_str()).or(C::Lessee.eq(id.as_str()))),
            self.description_contains.as_ref().map(|part| Func::lower(Expr::col(C::Description)).like(contains(part))),
            self.shards.as_ref().map(|shards| C::Shard.is_in(shards)),
            self.without_children.then(|| C::ParentNode.is_null()),
        ]
    }
}

/// A pattern for `part` anywhere, taken literally, in lower case: whether `LIKE` tells cases apart is each database's own.
fn contains(part: &str) -> LikeExpr {
    let literal = part.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    LikeExpr::new(format!("%{literal}%")).escape('!')
}
