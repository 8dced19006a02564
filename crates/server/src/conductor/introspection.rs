//! The built-in introspection service: introspections that nobody asked the bare metal API for, and
//! posts of ramdisks that know no secret.

use std::collections::BTreeSet;

use assay_core::{
    id::NodeId,
    lookup::{Candidate, Clues, find_node},
    provision::ProvisionState,
    run::{Event, Phase, Receipt, Run, RunId, RunKind, Service, conclude},
};
use assay_drivers::{DriverError, Task, inspect::bmc_addresses};
use assay_store::{
    nodes, ports,
    runs::{self, RunRow},
};
use tokio::time::timeout;

use super::{Conductor, body::not_expected, tasks::parse_run};
use crate::api::conductor::{BodyError, ConductorError};

impl Conductor {
    /// Starts an introspection that leaves provision state and networks as they are.
    pub(super) async fn start_introspection(&self, id: NodeId, manage_boot: bool) -> Result<(), ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        if !may_be_introspected(node.provision_state) {
            let text = format!("Invalid provision state for introspection: \"{}\"", node.provision_state);
            return Err(invalid(text));
        }
        let task = self.task(&node).await?;
        if manage_boot {
            let power = self.parts().registry.power(&node).and_then(|power| power.validate(&task));
            power.map_err(|wrong| invalid(format!("Failed validation of power interface, reason: {wrong}")))?;
        }
        if let Some(open) = runs::open_of_node(&self.store().read(), id).await? {
            return self.start_again(&open, manage_boot);
        }
        if task.ports.is_empty() && bmc_addresses(&node).await.is_empty() {
            return Err(invalid(
                "No lookup attributes were found, inspector won't be able to find it after introspection, consider \
                 creating ironic ports or providing an IPMI address"
                    .to_owned(),
            ));
        }
        self.start_run(&node, RunKind::Introspect { manage_boot }).await.map(drop)
    }

    fn start_again(&self, open: &RunRow, manage_boot: bool) -> Result<(), ConductorError> {
        let run = parse_run(open)?;
        if matches!(run.snapshot.kind, RunKind::Introspect { .. }) && run.phase == Phase::Wait {
            self.deliver(run.id, Event::Restart { manage_boot });
            return Ok(());
        }
        let (node, kind, id) = (run.node, run.snapshot.kind.name(), run.id);
        Err(invalid(format!("Node {node} can't be introspected while its run {id} ({kind}) is open; try again later")))
    }

    /// Ends the node's inspection, however it was started.
    pub(super) async fn end_introspection(&self, id: NodeId) -> Result<(), ConductorError> {
        let open = runs::open_of_node(&self.store().read(), id).await?.as_ref().map(parse_run).transpose()?;
        let Some(run) = open.filter(|run| run.ending.is_none()) else { return Ok(()) };
        if !run.rests() {
            return Err(ConductorError::Conflict("Node is locked, please, retry later".to_owned()));
        }
        self.deliver(run.id, Event::Abort);
        Ok(())
    }

    /// Tells the introspection service about the run. The built-in one learns by which BMC address
    /// a plain post is this node's; a post with the run's secret needs no such clue.
    pub(super) async fn tell_inspector(
        &self,
        run: &Run,
        task: &Task,
        manage_boot: bool,
    ) -> Result<Receipt, DriverError> {
        match run.snapshot.service {
            Service::None => Ok(Receipt::Done),
            Service::BuiltIn if run.is_managed() => Ok(Receipt::Introspected { bmc_addresses: Vec::new() }),
            Service::BuiltIn => Ok(Receipt::Introspected { bmc_addresses: bmc_addresses(&task.node).await }),
            Service::External => {
                let inspect = self.parts().registry.inspect(&task.node)?;
                let tries = run.journal.under_way().map(|entry| entry.tries).max();
                let repeated = tries.is_some_and(|tries| tries > 1);
                inspect.start_introspection(task, manage_boot, repeated).await.map(|()| Receipt::Done)
            }
        }
    }

    /// Takes a plain post and waits for the hooks, within the time that a ramdisk can wait.
    pub(super) async fn take_introspected(&self, bytes: &[u8]) -> Result<NodeId, BodyError> {
        let (run, node) = self.take_plain_body(None, bytes).await?;
        match timeout(self.config().figures.answer, self.outcome(run)).await {
            Ok(Ok(Some(error))) => Err(BodyError::Invalid(error)),
            Ok(Err(_)) => Err(not_expected()),
            // What takes longer goes on; the body is on disk.
            Ok(Ok(None)) | Err(_) => Ok(node),
        }
    }

    /// Waits until the run's outcome is fixed, and returns its error.
    async fn outcome(&self, id: RunId) -> Result<Option<String>, ConductorError> {
        let mut progress = self.0.progress.subscribe();
        loop {
            if let Some(ending) = self.load_run(id).await?.ending {
                return Ok(conclude::text(&ending).map(str::to_owned));
            }
            if progress.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// The run that a post with these clues belongs to: none but those that may be reached without
    /// their secret.
    pub(super) async fn find_run(&self, clues: &Clues) -> Result<RunId, BodyError> {
        let conn = self.store().read();
        let by_mac = ports::port_by_macs(&conn, &clues.macs).await?.into_iter().map(|port| port.node_id);
        let mut runs: Vec<Run> = runs::open_runs(&conn).await?.iter().filter_map(|row| parse_run(row).ok()).collect();
        runs.retain(Run::accepts_plain_body);
        let nodes: BTreeSet<NodeId> = by_mac.chain(clues.node).chain(runs.iter().map(|run| run.node)).collect();
        let mut candidates = Vec::new();
        for id in nodes {
            let run = runs.iter().find(|run| run.node == id);
            let state = nodes::get(&conn, id).await?.node.provision_state;
            let macs = ports::of_node(&conn, id).await?.iter().map(|port| port.address).collect();
            let bmc_addresses = run.map(|run| run.journal.bmc_addresses().to_vec()).unwrap_or_default();
            candidates.push(Candidate { node: id, state, waits: run.is_some(), macs, bmc_addresses });
        }
        let node = find_node(clues, &candidates).map_err(|wrong| BodyError::NotExpected(wrong.to_string()))?;
        runs.iter().find(|run| run.node == node).map(|run| run.id).ok_or_else(not_expected)
    }
}

const fn may_be_introspected(state: ProvisionState) -> bool {
    matches!(
        state,
        ProvisionState::Enroll
            | ProvisionState::Manageable
            | ProvisionState::Inspecting
            | ProvisionState::InspectWait
            | ProvisionState::InspectFailed
    )
}

fn invalid(text: String) -> ConductorError {
    DriverError::InvalidParameterValue(text).into()
}
