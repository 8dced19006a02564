//! The ports that runs have at Neutron: made under the run's mark, looked for before and after.
//!
//! **Invariant:** a port is removed only by its receipt or by our mark, and never while the run that it
//! names is open, unless it is that run that removes it.

use assay_core::{
    boot::{
        BootRecord, DhcpProvider,
        dhcp_options::{DhcpOption, dhcp_options},
    },
    id::PortId,
    run::{Effect, Mark, Receipt, Run, RunId, Vif},
};
use assay_drivers::{
    DriverError, Task,
    interface::{HeldPort, NewVif},
};
use assay_store::{StoreError, runs};
use tracing::{info, warn};

use super::Conductor;
use crate::api::conductor::ConductorError;

impl Conductor {
    /// The name of what a run makes for a port.
    pub(super) fn mark(&self, run: RunId, port: PortId) -> Mark {
        Mark { instance: self.store().instance().to_owned(), run, port }
    }

    /// Removes what earlier runs could not, while the node is off and nothing of this one is there yet.
    pub(super) async fn remove_leftovers(&self, run: &Run, task: &Task) -> Result<Receipt, ConductorError> {
        let network = self.parts().registry.network(&task.node)?;
        let mut removed = 0;
        for HeldPort { vif, mark } in network.leftovers(task, self.store().instance()).await? {
            if mark.run == run.id {
                continue;
            }
            if self.is_open(mark.run).await? {
                let text = format!(
                    "Neutron port {vif} on a NIC of node {} belongs to inspection {}, which still has to remove it; try \
                     again later",
                    run.node, mark.run
                );
                return Err(DriverError::NetworkError(text).into());
            }
            network.remove_inspection_network(task, &mark, Some(&vif)).await?;
            removed += 1;
        }
        Ok(Receipt::LeftoversRemoved(removed))
    }

    /// Makes the Neutron port of one port, with everything that its DHCP has to answer.
    pub(super) async fn add_to_network(&self, run: &Run, task: &Task, port: PortId) -> Result<Receipt, DriverError> {
        let registry = &self.parts().registry;
        let draft = registry.boot(&task.node)?.draft_record(task, &self.kernel_params(task)?)?;
        let (network, mark) = (registry.network(&task.node)?, self.mark(run.id, port));
        let own = task.ports.iter().find(|own| own.id == port).ok_or_else(|| gone(task, port))?;
        let effect = Effect::AddInspectionNetwork { port };
        let repeated = run.journal.under_way().any(|entry| entry.effect == effect && entry.tries > 1);
        let options = self.dhcp_options(&BootRecord { dhcp: network.dhcp(), ..draft })?;
        let wanted = NewVif { port: own, mark: &mark, dhcp_options: &options, repeated };
        Ok(Receipt::Vif(network.add_inspection_network(task, &wanted).await?))
    }

    /// Waits until the switch has moved every port that this run has made.
    pub(super) async fn await_ports_active(&self, run: &Run, task: &Task) -> Result<Receipt, DriverError> {
        let vifs: Vec<Vif> = run.vifs().cloned().collect();
        self.parts().registry.network(&task.node)?.await_ports_active(task, &vifs).await?;
        Ok(Receipt::Done)
    }

    /// What Neutron's DHCP has to answer to the node's NICs; nothing where it is not Neutron's.
    pub(super) fn dhcp_options(&self, record: &BootRecord) -> Result<Vec<DhcpOption>, DriverError> {
        if record.dhcp != DhcpProvider::Neutron {
            return Ok(Vec::new());
        }
        let config = self.config();
        dhcp_options(record, &config.loaders, &config.boot_addresses)
            .map_err(|wrong| DriverError::InvalidParameterValue(format!("Node {}: {wrong}", record.node)))
    }

    /// Removes the ports of runs that are over: requests that landed after everybody had looked.
    pub(super) async fn sweep_ports(self) -> Result<(), ConductorError> {
        let Some(neutron) = self.parts().registry.neutron() else { return Ok(()) };
        for HeldPort { vif, mark } in self.orphans().await? {
            match neutron.delete_port(&vif).await {
                Ok(()) => info!(run.id = %mark.run, port.id = %mark.port, "Neutron port {vif} of an ended run removed"),
                Err(error) => warn!(run.id = %mark.run, port.id = %mark.port, %error, "a Neutron port stays"),
            }
        }
        Ok(())
    }

    /// Our ports at Neutron whose run is over, as Neutron lists them.
    pub(super) async fn orphans(&self) -> Result<Vec<HeldPort>, ConductorError> {
        let Some(neutron) = self.parts().registry.neutron() else { return Ok(Vec::new()) };
        let mut orphans = Vec::new();
        for held in neutron.held_ports(self.store().instance()).await? {
            if !self.is_open(held.mark.run).await? {
                orphans.push(held);
            }
        }
        Ok(orphans)
    }

    async fn is_open(&self, run: RunId) -> Result<bool, ConductorError> {
        match runs::get(&self.store().read(), run).await {
            Err(StoreError::NotFound { .. }) => Ok(false),
            row => Ok(row?.open),
        }
    }
}

fn gone(task: &Task, port: PortId) -> DriverError {
    let node = task.node.id;
    DriverError::NetworkError(format!("Port {port} of node {node} is gone; it was there when the run began."))
}
