//! Loading what an interface may know, and the run's form in the store.

use std::sync::Arc;

use assay_core::{
    id::{NodeId, PortId},
    mac::MacAddress,
    node::Node,
    port::Port,
    portgroup::Portgroup,
    run::{Phase, Receipt, Run, RunKind},
};
use assay_drivers::{DriverError, Task};
use assay_store::{
    StoreError, nodes, portgroups, ports,
    runs::{self, RunRow},
};

use super::{Conductor, claim::Claim, now};
use crate::api::conductor::ConductorError;

impl Conductor {
    /// The node as it was when the run began, reached as it can be now, and its ports: clients may
    /// change a node that waits, and may delete it, and the machine that was switched on must still
    /// be switched off.
    pub(super) async fn task_of(&self, run: &Run) -> Result<Task, StoreError> {
        let conn = self.store().read();
        let kept = runs::node_copy(&conn, run.id).await?;
        let node = match (kept, nodes::get(&conn, run.node).await) {
            (Some(kept), Ok(now)) => kept.with_access_of(&now.node),
            (Some(kept), Err(StoreError::NotFound { .. })) => kept,
            (_, now) => now?.node,
        };
        let (ports, portgroups) = self.ports_of(run.node).await?;
        let boots_from_media = self.boots_from_media(&node);
        Ok(Task { ports, portgroups, run: Some(run.id), boots_from_media, ..Task::on(node) })
    }

    /// The same for effects of a claimed run, read once as long as nothing has changed it.
    pub(super) async fn task_of_claim(&self, claim: &mut Claim) -> Result<Arc<Task>, StoreError> {
        if let Some(task) = &claim.task {
            return Ok(Arc::clone(task));
        }
        let task = Arc::new(Task { recent: claim.recent.clone(), ..self.task_of(&claim.run).await? });
        claim.task = claim.lease.is_some().then(|| Arc::clone(&task));
        Ok(task)
    }

    /// The ports of a node, and the groups that any of them is in.
    pub(super) async fn ports_of(&self, node: NodeId) -> Result<(Vec<Port>, Vec<Portgroup>), StoreError> {
        let conn = self.store().read();
        let ports = ports::of_node(&conn, node).await?;
        let grouped = ports.iter().any(|port| port.portgroup_id.is_some());
        let portgroups = if grouped { portgroups::of_node(&conn, node).await? } else { Vec::new() };
        Ok((ports, portgroups))
    }

    /// An interface that is not enabled any more is told of where it is needed.
    pub(super) fn boots_from_media(&self, node: &Node) -> bool {
        self.parts().registry.boot(node).is_ok_and(|boot| boot.boots_from_media())
    }

    /// The latest power action and the latest change of the boot device that clients asked for.
    pub(super) async fn latest_of_clients(&self, node: NodeId) -> Result<Vec<Run>, ConductorError> {
        let conn = self.store().read();
        let mut latest = Vec::new();
        for kind in RunKind::OF_CLIENTS {
            latest.extend(runs::last_of_node(&conn, node, Some(kind)).await?.as_ref().map(parse_run).transpose()?);
        }
        Ok(latest)
    }

    /// Makes a port for each MAC address that the BMC lists and that no port has yet.
    pub(super) async fn create_ports(&self, task: &Task) -> Result<Receipt, ConductorError> {
        let management = self.parts().registry.management(&task.node)?;
        let macs = match management.get_mac_addresses(task).await {
            Err(DriverError::UnsupportedDriverExtension(_)) => return Ok(Receipt::PortsCreated(0)),
            macs => macs?,
        };
        let mut created = 0;
        for mac in macs.into_iter().filter(|mac| task.ports.iter().all(|port| port.address != *mac)) {
            created += usize::from(self.create_port(task.node.id, mac).await?);
        }
        Ok(Receipt::PortsCreated(created))
    }

    /// Whether the node has a port with this address now, which may be another node's. A commit whose answer was lost may
    /// have made it before.
    pub(super) async fn create_port(&self, node: NodeId, mac: MacAddress) -> Result<bool, ConductorError> {
        let port = Port::blank(PortId(uuid::Uuid::new_v4()), node, mac, now());
        match self.store().write(move |tx| Box::pin(async move { ports::insert(tx, &port).await })).await {
            Ok(()) => Ok(true),
            Err(StoreError::MacAddressInUse { .. }) => {
                let holders = ports::port_by_macs(&self.store().read(), &[mac]).await?;
                Ok(holders.iter().any(|port| port.node_id == node))
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

/// A row that says what it must not.
pub(super) fn corrupt(table: &'static str, id: uuid::Uuid, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt { table, id: id.to_string(), why: why.to_string() }
}

/// The run as the store keeps it.
pub(super) fn run_row(run: &Run, version: i64) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        id: run.id,
        node_id: run.node,
        kind: run.snapshot.kind.name().to_owned(),
        phase: run.phase.as_str().to_owned(),
        open: run.phase != Phase::Ended,
        exclusive: run.snapshot.kind.is_exclusive(),
        wake_at: run.wake_at,
        created_at: run.created_at,
        ended_at: (run.phase == Phase::Ended).then_some(run.concluded_at).flatten(),
        version,
        doc: serde_json::to_string(run).map_err(|wrong| corrupt("runs", run.id.0, &wrong))?,
        asked: None,
    })
}

/// The run that a row holds.
///
/// # Errors
/// It does not hold one.
pub fn parse_run(row: &RunRow) -> Result<Run, ConductorError> {
    serde_json::from_str(&row.doc).map_err(|wrong| corrupt("runs", row.id.0, &wrong).into())
}
