//! `GET …/validate`: what would happen, and why, without doing it.

use assay_core::{
    boot::Callback,
    id::NodeId,
    node::{InterfaceKind, Node},
    run::{Phase, Service},
};
use assay_drivers::{DriverError, Task, interface::InspectKind};
use assay_store::{nodes, runs};

use super::{Conductor, requests::still_owed, tasks::parse_run};
use crate::api::conductor::{ConductorError, Validation, Verdict};

impl Conductor {
    /// Asks every interface of the node.
    ///
    /// # Errors
    /// The node is not there.
    pub(super) async fn validate_all(&self, id: NodeId) -> Result<Validation, ConductorError> {
        let conn = self.store().read();
        let task = self.task(&nodes::get(&conn, id).await?.node).await?;
        let mut answer = Validation::new();
        for &kind in InterfaceKind::ALL.iter().filter(|kind| **kind != InterfaceKind::Vendor) {
            answer.insert(kind, self.validity(&task, kind).await);
        }
        let open = runs::open_of_node(&conn, id).await?.as_ref().map(parse_run).transpose()?;
        if let Some(run) = open.filter(|run| run.phase == Phase::Settle) {
            answer.insert(InterfaceKind::Inspect, Verdict { result: Some(false), reason: Some(still_owed(&run)) });
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
            InterfaceKind::Boot => self.validate_boot(task).await,
            InterfaceKind::Inspect => self.validate_inspect(task).await,
            _ => validate_by_name(node, kind),
        };
        match result {
            Ok(reason) => Verdict { result: Some(true), reason },
            Err(wrong) => Verdict { result: Some(false), reason: Some(self.reason(&wrong)) },
        }
    }

    async fn validate_network(&self, task: &Task) -> Result<Option<String>, DriverError> {
        let network = self.parts().registry.network(&task.node)?;
        let left_out = match network.validate_inspection(task).await {
            // Without an inspection network the interface is as good as ever for everything else.
            Err(DriverError::UnsupportedDriverExtension(reason)) => return Ok(Some(reason)),
            answer => answer?.left_out,
        };
        if !network.isolates() {
            let name = task.node.interface(InterfaceKind::Network);
            return Ok(Some(format!("{name} isolates nothing: the NICs stay on the network that they are on")));
        }
        Ok((!left_out.is_empty()).then(|| left_out.join("; ")))
    }

    /// What booting anything takes. Next to a good result stands why an inspection would fall back.
    async fn validate_boot(&self, task: &Task) -> Result<Option<String>, DriverError> {
        let boot = self.parts().registry.boot(&task.node)?;
        boot.validate(task).await?;
        match boot.validate_inspection(task).await {
            Err(DriverError::UnsupportedDriverExtension(reason)) => Ok(Some(reason)),
            answer => answer.map(|()| None),
        }
    }

    /// What the `inspect` verb asks before it starts: wrong parameters refuse it, and so does
    /// unmanaged boot where managed boot is required. Otherwise the text says who boots the node.
    pub(super) async fn validate_inspect(&self, task: &Task) -> Result<Option<String>, DriverError> {
        let inspect = self.parts().registry.inspect(&task.node)?;
        inspect.validate(task)?;
        let kind @ InspectKind::InBand { .. } = inspect.kind() else { return Ok(None) };
        self.kernel_params(task)?;
        let ports_to_come = task.ports.is_empty() && self.creates_ports(task);
        let service = inspect.service(self.store().instance()).await;
        if service == Service::External
            && let Err(wrong) = inspect.endpoint().await
        {
            return Ok(Some(format!("the inspection would fail: {wrong}")));
        }
        let managed = match ports_to_come {
            true => self.validate_managed(&task.with_port_to_come(), service).await,
            false => self.validate_managed(task, service).await,
        };
        let reason = match managed {
            Ok(()) if ports_to_come => "ports will be read from the BMC".to_owned(),
            Ok(()) => "boot will be managed by the conductor".to_owned(),
            Err(wrong) if self.requires_managed_boot(kind) => return Err(wrong),
            Err(DriverError::UnsupportedDriverExtension(why)) => format!("unmanaged: {why}"),
            // Nothing to fall back from: what is wrong stops the run, though not the request (upstream's order).
            Err(wrong) => format!("the inspection would fail: {wrong}"),
        };
        Ok(Some(match self.callback(&task.node, service).await {
            Ok(Some(Callback::Foreign(url))) => {
                format!("{reason}; the ramdisk posts to an external introspection service, {url}, with no secret")
            }
            _ => reason,
        }))
    }

    /// Whether the conductor can manage the boot: both `validate_inspection`, network first, whose
    /// reasons to fall back are told together, and then the boot answers.
    async fn validate_managed(&self, task: &Task, service: Service) -> Result<(), DriverError> {
        let registry = &self.parts().registry;
        let answers = [
            registry.network(&task.node)?.validate_inspection(task).await.map(drop),
            registry.boot(&task.node)?.validate_inspection(task).await,
        ];
        let mut reasons = Vec::new();
        for answer in answers {
            match answer {
                Err(DriverError::UnsupportedDriverExtension(reason)) => reasons.push(reason),
                answer => answer?,
            }
        }
        if !reasons.is_empty() {
            return Err(DriverError::UnsupportedDriverExtension(reasons.join(" ")));
        }
        self.check_boot_answers(task, service).await
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

/// Interfaces that are served by name only: `no-…` has nothing to offer, the others nothing to object.
fn validate_by_name(node: &Node, kind: InterfaceKind) -> Result<Option<String>, DriverError> {
    if node.interface(kind).starts_with("no-") {
        return Err(DriverError::unsupported(&node.driver, kind.as_str()));
    }
    Ok(None)
}
