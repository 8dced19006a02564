//! What belongs to a node, ports and port groups: it is changed only while nobody holds the lock of
//! its node.

use std::sync::Arc;

use assay_core::{
    id::{NodeId, PortId, PortgroupId},
    node::Node,
    port::Port,
    portgroup::Portgroup,
};
use assay_store::{Conn, StoreError, Tx, nodes, portgroups, ports};
use futures::future::BoxFuture;

use super::{
    Api, ApiError,
    locked::{patiently, refuse_locked},
};

/// An object that belongs to a node.
pub trait Owned: Sized + Send + 'static {
    /// What names one.
    type Id: Copy + Send + Sync + 'static;

    /// Reads one.
    fn load<'t>(tx: &'t Tx<'t>, id: Self::Id) -> BoxFuture<'t, Result<Self, StoreError>>;

    /// The node that it belongs to.
    fn owner(&self) -> NodeId;
}

impl Owned for Port {
    type Id = PortId;

    fn load<'t>(tx: &'t Tx<'t>, id: PortId) -> BoxFuture<'t, Result<Self, StoreError>> {
        Box::pin(ports::get(tx, id))
    }

    fn owner(&self) -> NodeId {
        self.node_id
    }
}

impl Owned for Portgroup {
    type Id = PortgroupId;

    fn load<'t>(tx: &'t Tx<'t>, id: PortgroupId) -> BoxFuture<'t, Result<Self, StoreError>> {
        Box::pin(portgroups::get(tx, id))
    }

    fn owner(&self) -> NodeId {
        self.node_id
    }
}

/// Runs `work` on an object and its node, in a transaction in which nobody holds the node's lock.
/// What `work` refuses, it must refuse before it writes.
///
/// # Errors
/// What `work` says, 404, or 409 when the node stays locked.
pub async fn exclusively<Object, T, Work>(api: &Api, id: Object::Id, work: Work) -> Result<T, ApiError>
where
    Object: Owned,
    T: Send + 'static,
    Work: for<'t> Fn(&'t Tx<'t>, Node, Object) -> BoxFuture<'t, Result<T, ApiError>> + Send + Sync + 'static,
{
    let work = Arc::new(work);
    patiently(api, || {
        let work = work.clone();
        async move {
            let done = api.store.write(move |tx| {
                Box::pin(async move {
                    let object = Object::load(tx, id).await?;
                    let row = nodes::get(tx, object.owner()).await?;
                    refuse_locked(&row)?;
                    match work(tx, row.node, object).await {
                        Err(ApiError::Store(error)) => Err(error),
                        done => Ok(done),
                    }
                })
            });
            done.await?
        }
    })
    .await
}

/// The node that an object of `node` is to belong to; its lock must be free as well.
///
/// # Errors
/// 400 when there is no such node, 409 when it is locked.
pub async fn next_owner(tx: &Tx<'_>, node: &Node, next: NodeId) -> Result<Node, ApiError> {
    if next == node.id {
        return Ok(node.clone());
    }
    let row = nodes::get(tx, next).await.map_err(absent_is_invalid)?;
    refuse_locked(&row)?;
    Ok(row.node)
}

/// The node by which a list is filtered, if it is.
///
/// # Errors
/// 404.
pub async fn owner_asked_for(conn: &Conn<'_>, ident: Option<&str>) -> Result<Option<NodeId>, ApiError> {
    Ok(match ident {
        Some(ident) => Some(nodes::find(conn, ident).await?.node.id),
        None => None,
    })
}

/// 400 in place of 404: it is the body that names what does not exist, not the path.
pub fn absent_is_invalid(error: StoreError) -> ApiError {
    match error {
        StoreError::NotFound { .. } => ApiError::Invalid(error.to_string()),
        other => other.into(),
    }
}
