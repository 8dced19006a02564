//! Exclusive requests: they need the node's lock, and wait for it a little before they give up.

use std::{future::Future, sync::Arc};

use assay_core::node::Node;
use assay_store::{
    StoreError,
    nodes::{self, Guard, NodeRow},
};
use chrono::Utc;

use super::{Api, ApiError};

/// Tries again after a pause as long as somebody holds the lock, for as often as configured.
///
/// # Errors
/// What the last try says.
pub async fn patiently<T, Try>(api: &Api, attempt: impl Fn() -> Try) -> Result<T, ApiError>
where
    Try: Future<Output = Result<T, ApiError>>,
{
    for _ in 1..api.settings.lock_attempts {
        match attempt().await {
            Err(error) if error.is_locked() => tokio::time::sleep(api.settings.lock_pause).await,
            done => return done,
        }
    }
    attempt().await
}

/// Changes a node while nobody holds its lock. The node is read, judged and written in one
/// transaction, which is as good as holding the lock for that time.
///
/// # Errors
/// What `change` says, 404, or 409 when the node stays locked.
pub async fn edit_node<Change>(api: &Api, ident: &str, change: Change) -> Result<Node, ApiError>
where
    Change: Fn(&Node) -> Result<Node, ApiError> + Send + Sync + 'static,
{
    let change = Arc::new(change);
    patiently(api, || {
        let (change, ident) = (change.clone(), ident.to_owned());
        async move {
            let edited = api.store.write(move |tx| {
                Box::pin(async move {
                    let row = nodes::find(tx, &ident).await?;
                    refuse_locked(&row)?;
                    let mut changed = match change(&row.node) {
                        Ok(changed) => changed,
                        Err(refused) => return Ok(Err(refused)),
                    };
                    changed.updated_at = Some(Utc::now());
                    nodes::update(tx, &changed, Guard::Unreserved { version: row.version }).await?;
                    Ok(Ok(changed))
                })
            });
            edited.await?
        }
    })
    .await
}

/// Refuses a node whose lock somebody holds.
///
/// # Errors
/// [`StoreError::Locked`].
pub fn refuse_locked(row: &NodeRow) -> Result<(), StoreError> {
    match &row.node.reservation {
        Some(host) => Err(StoreError::Locked { node: row.node.id, host: host.clone() }),
        None => Ok(()),
    }
}
