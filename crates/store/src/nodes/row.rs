//! A node as a row: columns to filter and sort by, the whole node as JSON, its secrets sealed.
//!
//! In the JSON each secret stands as `******`, so that it can be shown as it is.

use assay_core::{id::NodeId, node::Node, secret::MASK};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    sea_query::{Query, SelectStatement},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{StoreError, entity::nodes, row::from_row, seal::Sealer, time::micros};

/// A node, and what writing it is guarded by.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    /// The node, secrets included.
    pub node: Node,
    /// Goes up with every write.
    pub version: i64,
    /// Goes up with every reservation.
    pub lease_epoch: i64,
}

/// The columns that a whole node is read from.
pub(super) struct Stored {
    id: Uuid,
    reservation: Option<String>,
    lease_epoch: i64,
    version: i64,
    doc: String,
    secrets: Option<Vec<u8>>,
}

from_row!(Stored { id, reservation, lease_epoch, version, doc, secrets });

pub(super) fn select_stored() -> SelectStatement {
    use nodes::Column as C;
    let columns = [C::Id, C::Reservation, C::LeaseEpoch, C::Version, C::Doc, C::Secrets];
    Query::select().columns(columns).from(nodes::Entity).take()
}

impl Stored {
    pub(super) fn open(self, sealer: &Sealer) -> Result<NodeRow, StoreError> {
        let mut node = open_doc(sealer, NodeId(self.id), &self.doc, self.secrets.as_deref())?;
        node.reservation = self.reservation;
        Ok(NodeRow { node, version: self.version, lease_epoch: self.lease_epoch })
    }
}

/// A node from its JSON and its sealed secrets.
pub(crate) fn open_doc(sealer: &Sealer, id: NodeId, doc: &str, secrets: Option<&[u8]>) -> Result<Node, StoreError> {
    let mut node = parse_doc(id, doc)?;
    node.secrets = sealer.open(id, secrets)?;
    for key in node.secrets.keys() {
        node.driver_info.remove(key);
    }
    Ok(node)
}

/// A node from its JSON, secrets masked.
pub(super) fn parse_doc<'a, Json: Deserialize<'a>>(id: NodeId, doc: &'a str) -> Result<Node<Json>, StoreError> {
    serde_json::from_str(doc).map_err(|error| StoreError::corrupt("nodes", &id, &error))
}

/// The node as JSON that may be shown. The lock has its own column.
pub(crate) fn to_doc(node: &Node) -> Result<String, StoreError> {
    let mut shown = Node { reservation: None, ..node.clone() };
    for key in node.secrets.keys() {
        shown.driver_info.insert(key.clone(), MASK.into());
    }
    serde_json::to_string(&shown).map_err(|error| StoreError::corrupt("nodes", &node.id, &error))
}

/// Every column that follows from the node itself.
pub(super) fn columns(node: &Node, sealer: &Sealer) -> Result<nodes::ActiveModel, StoreError> {
    Ok(nodes::ActiveModel {
        seq: NotSet,
        id: Set(node.id.0),
        name: Set(node.name.clone()),
        driver: Set(node.driver.clone()),
        provision_state: Set(node.provision_state.to_string()),
        target_provision_state: Set(node.target_provision_state.map(|state| state.to_string())),
        power_state: Set(node.power_state.map(|state| state.to_string())),
        target_power_state: Set(node.target_power_state.map(|target| target.to_string())),
        maintenance: Set(node.maintenance),
        fault: Set(node.fault.clone()),
        instance_uuid: Set(node.instance_uuid),
        chassis_uuid: Set(node.chassis_uuid),
        parent_node: Set(node.parent_node),
        resource_class: Set(node.resource_class.clone()),
        conductor_group: Set(node.conductor_group.clone()),
        owner: Set(node.owner.clone()),
        lessee: Set(node.lessee.clone()),
        shard: Set(node.shard.clone()),
        description: Set(node.description.clone()),
        retired: Set(node.retired),
        protected: Set(node.protected),
        reservation: NotSet,
        lease_epoch: NotSet,
        lease_until: NotSet,
        version: NotSet,
        provision_updated_at: Set(node.provision_updated_at.map(micros)),
        inspection_started_at: Set(node.inspection_started_at.map(micros)),
        inspection_finished_at: Set(node.inspection_finished_at.map(micros)),
        created_at: Set(micros(node.created_at)),
        updated_at: Set(node.updated_at.map(micros)),
        doc: Set(to_doc(node)?),
        secrets: Set(sealer.seal(node.id, &node.secrets)?),
    })
}
