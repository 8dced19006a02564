//! What an inspection found: worked out by an effect, stored by the commit that says how the effect ended.

use std::sync::{Arc, Mutex, PoisonError};

use assay_core::{apply::Applied, mac::MacAddress, node::Node, run::Run};
use assay_store::{
    StoreError, Tx,
    inspections::{self, Inspection},
    ports,
};

use super::now;

/// What is to be stored of an inspection.
pub(super) struct Findings {
    inspection: Inspection,
    /// What changes of the node and its ports; `None` where the introspection service has changed them itself.
    applied: Option<Applied>,
}

impl Findings {
    /// Of a run, with inventory and plugin data as JSON.
    pub fn of(run: &Run, inventory: String, plugin_data: String, applied: Option<Applied>) -> Self {
        let inspection =
            Inspection { node: run.node, run: run.id, generation: 1, created_at: now(), inventory, plugin_data };
        Self { inspection, applied }
    }

    /// The node as it is to be, if it changes.
    pub fn node(&self) -> Option<&Node> {
        self.applied.as_ref().map(|applied| &applied.node)
    }

    /// Stores all but the node; returns what is to be told of ports that could not be made.
    pub async fn store(&self, tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
        let is_new = inspections::insert(tx, self.inspection.clone()).await?;
        let Some(Applied { created, updated, deleted, .. }) = self.applied.as_ref().filter(|_| is_new) else {
            return Ok(Vec::new());
        };
        for port in deleted {
            ports::delete(tx, *port).await?;
        }
        for port in updated {
            ports::update(tx, port).await?;
        }
        if created.is_empty() {
            return Ok(Vec::new());
        }
        // Asked first: on PostgreSQL a refused insert ends the transaction. Where a port of another node comes in between,
        // the body is processed again.
        let addresses: Vec<MacAddress> = created.iter().map(|port| port.address).collect();
        let holders = ports::port_by_macs(tx, &addresses).await?;
        let mut not_made = Vec::new();
        for port in created {
            let address = port.address;
            if holders.iter().any(|holder| holder.address == address) {
                not_made.push(format!("port {address} was not created: another node has its address"));
            } else {
                ports::insert(tx, port).await?;
            }
        }
        Ok(not_made)
    }
}

/// Where an effect puts its findings, until the commit of its end takes them.
#[derive(Clone, Default)]
pub(super) struct Tray(Arc<Mutex<Option<Findings>>>);

impl Tray {
    /// Puts them there; what an earlier try has put is dropped.
    pub fn put(&self, findings: Findings) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(findings);
    }

    /// Takes them, if there are any.
    pub fn take(&self) -> Option<Findings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
