//! Waiting until Neutron has done what it has only promised.

use std::time::Duration;

use assay_core::run::{Vif, VifId};
use tokio::time::{Instant, sleep};

use super::{
    client::{Neutron, network_error},
    named,
    port::{FoundPort, PortRequest},
};
use crate::{error::DriverError, interface::Task};

/// How long the switches may take to move a node's ports.
const PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

impl Neutron {
    /// Waits until every port is `ACTIVE`.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`] at once for a port that no switch takes; after two minutes for one
    /// that is not moved.
    pub async fn await_active(&self, task: &Task, vifs: &[Vif]) -> Result<(), DriverError> {
        let ids: Vec<_> = vifs.iter().map(|vif| ("id", vif.id.to_string())).collect();
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.ports(&ids).await?;
            let mut pending = Vec::new();
            for vif in vifs {
                let port = found.iter().find(|port| port.id == vif.id).ok_or_else(|| gone(task, &vif.id))?;
                if !is_active(task, port)? {
                    pending.push(format!("{} ({}, {})", vif.id, vif.mac, port.status));
                }
            }
            if pending.is_empty() {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(DriverError::NetworkError(format!(
                    "Neutron ports {} of node {} did not become ACTIVE in {} s: look at Neutron's agents and at the switch",
                    pending.join(", "),
                    task.node.id,
                    PATIENCE.as_secs()
                )));
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until the agent of a smart NIC, which alone can wire its port, has reported.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`] after two minutes.
    pub async fn wait_for_agent(&self, request: &PortRequest<'_>) -> Result<(), DriverError> {
        let host = request.port.local_link_connection.get("hostname").and_then(|host| host.as_str());
        let Some(host) = host.filter(|_| request.port.is_smartnic) else { return Ok(()) };
        let until = Instant::now() + PATIENCE;
        loop {
            let body = self.read("/v2.0/agents", &[("host", host.to_owned())]).await.map_err(network_error)?;
            if body["agents"].as_array().into_iter().flatten().any(|agent| agent["alive"] == true) {
                return Ok(());
            }
            if Instant::now() >= until {
                let nic = named(request.node.id, request.port);
                let text = format!("Neutron knows no living agent on host {host}, which has to wire {nic}");
                return Err(DriverError::NetworkError(text));
            }
            sleep(PAUSE).await;
        }
    }
}

fn is_active(task: &Task, port: &FoundPort) -> Result<bool, DriverError> {
    if !matches!(&*port.vif_type, "binding_failed" | "unbound") {
        return Ok(port.status == "ACTIVE");
    }
    let own = task.ports.iter().find(|own| own.address.to_string() == port.mac);
    let link = own.map(|own| serde_json::Value::Object(own.local_link_connection.clone())).unwrap_or_default();
    Err(DriverError::NetworkError(format!(
        "Neutron could not bind port {} ({}) of node {} to network {} (binding:vif_type is {}): no switch that it knows \
         fits local_link_connection {link}",
        port.id, port.mac, task.node.id, port.network, port.vif_type
    )))
}

fn gone(task: &Task, vif: &VifId) -> DriverError {
    DriverError::NetworkError(format!("Neutron port {vif} of node {} was deleted by somebody else", task.node.id))
}
