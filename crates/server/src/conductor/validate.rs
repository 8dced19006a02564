//! `GET …/validate`: what would happen, and why, without doing it.

use assay_core::{id::NodeId, node::InterfaceKind};
use assay_drivers::{DriverError, Task, interface::InspectKind};
use assay_store::nodes;

use super::{
    Conductor,
    requests::{inspects, unsupported_inspection},
};
use crate::api::conductor::{ConductorError, Validation, Verdict};

impl Conductor {
    /// Asks every interface of the node.
    ///
    /// # Errors
    /// The node is not there.
    pub(super) async fn validate_all(&self, id: NodeId) -> Result<Validation, ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        let task = self.task(&node).await?;
        let mut answer = Validation::new();
        for &kind in InterfaceKind::ALL.iter().filter(|kind| **kind != InterfaceKind::Vendor) {
            answer.insert(kind, self.validity(&task, kind).await);
        }
        Ok(answer)
    }

    async fn validity(&self, task: &Task, kind: InterfaceKind) -> Verdict {
        let registry = &self.parts().registry;
        let node = &task.node;
        let result = match kind {
            InterfaceKind::Power => registry.power(node).and_then(|power| power.validate(task)).map(|()| None),
            InterfaceKind::Management => {
                registry.management(node).and_then(|management| management.validate(task)).map(|()| None)
            }
            InterfaceKind::Network => self.validate_network(task).await,
            InterfaceKind::Boot => match registry.boot(node) {
                Ok(boot) => boot.validate_inspection(task).await.map(|()| None),
                Err(wrong) => Err(wrong),
            },
            InterfaceKind::Inspect => self.validate_inspect(task).await,
            InterfaceKind::Deploy => Ok(None),
            _ => return stub(node.driver.as_str(), kind),
        };
        match result {
            Ok(reason) => Verdict { result: Some(true), reason },
            Err(wrong) => Verdict { result: Some(false), reason: Some(self.reason(&wrong)) },
        }
    }

    async fn validate_network(&self, task: &Task) -> Result<Option<String>, DriverError> {
        let network = self.parts().registry.network(&task.node)?;
        network.validate_inspection(task).await?;
        Ok((!network.isolates()).then(|| {
            format!(
                "{} isolates nothing: the NICs stay on the network that they are on",
                task.node.interface(InterfaceKind::Network)
            )
        }))
    }

    /// What the `inspect` verb asks before it starts: wrong parameters refuse it, and so does
    /// unmanaged boot where managed boot is required. Otherwise the text says who boots the node.
    pub(super) async fn validate_inspect(&self, task: &Task) -> Result<Option<String>, DriverError> {
        let registry = &self.parts().registry;
        let kind = registry.inspect(&task.node)?.kind();
        if !inspects(kind) {
            return Err(unsupported_inspection(&task.node));
        }
        let InspectKind::InBand { .. } = kind else { return Ok(None) };
        self.kernel_params(task)?;
        if task.ports.is_empty() && self.creates_ports(task) {
            return Ok(Some("ports will be read from the BMC".to_owned()));
        }
        let required = self.requires_managed_boot(kind);
        let asked = [
            registry.network(&task.node)?.validate_inspection(task).await,
            registry.boot(&task.node)?.validate_inspection(task).await,
        ];
        let mut reasons = Vec::new();
        for answer in asked {
            match answer {
                Ok(()) => {}
                Err(DriverError::UnsupportedDriverExtension(reason)) => reasons.push(reason),
                // Without managed boot a wrong parameter stops the run, not the request (upstream's order).
                Err(other) if required => return Err(other),
                Err(other) => reasons.push(other.to_string()),
            }
        }
        match reasons.as_slice() {
            [] => Ok(Some("boot will be managed by the conductor".to_owned())),
            reasons if required => Err(DriverError::UnsupportedDriverExtension(reasons.join(" "))),
            reasons => Ok(Some(format!("unmanaged: {}", reasons.join(" ")))),
        }
    }

    fn creates_ports(&self, task: &Task) -> bool {
        let lists = self.parts().registry.management(&task.node).is_ok_and(|management| management.lists_macs());
        self.config().pre_create_ports && lists
    }

    fn reason(&self, wrong: &DriverError) -> String {
        if wrong.is_callers_fault() {
            return wrong.to_string();
        }
        format!(
            "Unexpected exception, traceback saved into log by ironic conductor service that is running on {}: {wrong}",
            self.config().host
        )
    }
}

/// Interfaces that are accepted by name and do nothing.
fn stub(driver: &str, kind: InterfaceKind) -> Verdict {
    Verdict { result: None, reason: Some(DriverError::unsupported(driver, kind.as_str()).to_string()) }
}
