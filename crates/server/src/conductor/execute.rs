//! Every effect, done by the node's interfaces. Each can be repeated without harm.

use std::sync::Arc;

use assay_core::{
    kernel::KernelParams,
    node::Node,
    power::{BootDevice, PowerTarget},
    run::{Effect, EndPower, Receipt, Run, RunId, Validation, Verdict, undo},
    secret::Secret,
};
use assay_drivers::{DriverError, Task, interface::InspectionPorts};
use serde_json::Value;

use super::{Conductor, findings::Tray};
use crate::api::conductor::ConductorError;

impl Conductor {
    /// Makes one effect happen.
    ///
    /// # Errors
    /// The world's, which are the effect's end; the database's, which tell nothing of the effect.
    pub(super) async fn execute(
        &self,
        run: &Run,
        tray: &Tray,
        effect: &Effect,
        task: Arc<Task>,
    ) -> Result<Receipt, ConductorError> {
        if self.is_overtaken(run, effect).await? {
            return Ok(Receipt::Overtaken);
        }
        let node = &task.node;
        let registry = &self.parts().registry;
        match effect {
            Effect::ReadPower => return Ok(self.read_power(run, &task).await?),
            Effect::CreatePortsFromBmc => return self.create_ports(&task).await,
            Effect::ValidateInspection => return Ok(self.validate_inspection(&task).await?),
            Effect::CheckImages => return Ok(self.check_images(run, &task).await?),
            Effect::PowerOff | Effect::RestorePower { to: EndPower::Off } => {
                self.switch(run, &task, PowerTarget::Off).await?;
            }
            Effect::RemoveLeftovers => return self.remove_leftovers(run, &task).await,
            Effect::AddInspectionNetwork { port } => return Ok(self.add_to_network(run, &task, *port).await?),
            Effect::AwaitPortsActive => return Ok(self.await_ports_active(run, &task).await?),
            Effect::PrepareRamdisk => return Ok(self.prepare_ramdisk(run, &task).await?),
            Effect::InsertMedia => {
                registry.boot(node)?.insert_media(&task, &self.disc_url(run.id, node)).await?;
            }
            Effect::EjectMedia => registry.boot(node)?.eject_media(&task, &self.disc_url(run.id, node)).await?,
            Effect::SetBootDevice { device, persistent } => {
                registry.management(node)?.set_boot_device(&task, *device, *persistent).await?;
            }
            Effect::StartIntrospection { manage_boot } => {
                return Ok(self.tell_inspector(run, &task, *manage_boot).await?);
            }
            Effect::PowerOn { reboot } => {
                let target = if *reboot { PowerTarget::Reboot } else { PowerTarget::On };
                self.switch(run, &task, target).await?;
            }
            Effect::ProcessBody { body } => return self.process_body(run, tray, *body, &task.ports).await,
            Effect::SetPower { target } => self.switch(run, &task, *target).await?,
            Effect::FetchData => return self.fetch_data(run, tray, &task).await,
            Effect::AbortIntrospection => registry.inspect(node)?.abort_introspection(&task).await?,
            Effect::RestorePower { to: EndPower::Reboot } => self.switch(run, &task, PowerTarget::Reboot).await?,
            Effect::RestoreBootDevice { ours, former } => {
                registry.management(node)?.restore_boot_device(&task, *ours, former).await?;
            }
            Effect::CleanUpRamdisk => registry.boot(node)?.clean_up_ramdisk(&task).await?,
            Effect::RemoveInspectionNetwork { port, vif } => {
                let mark = self.mark(run.id, *port);
                registry.network(node)?.remove_inspection_network(&task, &mark, vif.as_ref()).await?;
            }
        }
        Ok(Receipt::Done)
    }

    /// Brings the node to `target`, in the time that a client has given for it, if one has.
    async fn switch(&self, run: &Run, task: &Task, target: PowerTarget) -> Result<(), DriverError> {
        self.parts().registry.power(&task.node)?.set_power_state(task, target, run.snapshot.patience()).await
    }

    /// Whether a client has set since the run's end what the effect would put back.
    async fn is_overtaken(&self, run: &Run, effect: &Effect) -> Result<bool, ConductorError> {
        if run.concluded_at.is_none() {
            return Ok(false);
        }
        let later = self.latest_of_clients(run.node).await?;
        Ok(later.iter().any(|later| undo::is_overtaken(run, effect, later)))
    }

    /// The power state; for an inspection also the boot override that is there before ours. A BMC
    /// that does not tell the override keeps nobody from inspecting.
    async fn read_power(&self, run: &Run, task: &Task) -> Result<Receipt, DriverError> {
        let registry = &self.parts().registry;
        let power = registry.power(&task.node)?.get_power_state(task).await?;
        if !run.snapshot.kind.is_inspection() {
            return Ok(Receipt::Before { power, boot: None, lacks_device: false });
        }
        let management = registry.management(&task.node)?;
        let boot = management.get_boot_device(task).await.ok();
        let lacks_device = match run.snapshot.boot_device {
            // Every BMC knows the others.
            Some(device @ BootDevice::UefiHttp) => {
                let offered = management.get_supported_boot_devices(task).await;
                offered.is_ok_and(|offered| !offered.contains(&device))
            }
            _ => false,
        };
        Ok(Receipt::Before { power, boot, lacks_device })
    }

    /// The two `validate_inspection`, network first, both asked so that both reasons are told.
    async fn validate_inspection(&self, task: &Task) -> Result<Receipt, DriverError> {
        let registry = &self.parts().registry;
        let network = registry.network(&task.node)?.validate_inspection(task).await;
        let InspectionPorts { ports, left_out } = network.clone().unwrap_or_default();
        let boot = registry.boot(&task.node)?.validate_inspection(task).await;
        Ok(Receipt::Validated(Validation {
            network: verdict(network.map(drop))?,
            boot: verdict(boot)?,
            ports,
            left_out,
        }))
    }

    /// Kernel and ramdisk, and everything that can be wrong with the boot answers, before power is touched.
    async fn check_images(&self, run: &Run, task: &Task) -> Result<Receipt, DriverError> {
        self.parts().registry.boot(&task.node)?.check_images(task).await?;
        self.check_boot_answers(task, run.snapshot.service).await?;
        Ok(Receipt::Done)
    }

    /// What the boot listeners answer from now on, and to which addresses.
    async fn prepare_ramdisk(&self, run: &Run, task: &Task) -> Result<Receipt, DriverError> {
        let boot = self.parts().registry.boot(&task.node)?;
        let record = boot.prepare_ramdisk(task, &self.kernel_params(task)?).await?;
        let mut record = self.addressed(&task.node, record, run.snapshot.service).await?;
        record.addresses = run.vifs().flat_map(|vif| vif.addresses.iter().map(|address| (vif.mac, *address))).collect();
        Ok(Receipt::Boot(Box::new(record)))
    }

    /// Where the node's BMC fetches the disc of a run.
    fn disc_url(&self, run: RunId, node: &Node) -> Secret {
        let own = node.driver_info.get("external_http_url").and_then(Value::as_str);
        let base = own.unwrap_or(&self.config().disc_base).trim_end_matches('/');
        Secret::new(format!("{base}/iso/{run}/{}.iso", self.store().key().disc_secret(run).reveal()))
    }

    /// `[inspector] extra_kernel_params`, or the node's own in its place, and what the hooks need of the ramdisk.
    pub(super) fn kernel_params(&self, task: &Task) -> Result<KernelParams, DriverError> {
        let own = task.node.driver_info.get("inspector_extra_kernel_params");
        let params = KernelParams::resolve(own, &self.config().extra_kernel_params);
        let params = params.and_then(|params| match self.config().hooks.reads_lldp() {
            true => params.listening_for_lldp(),
            false => Ok(params),
        });
        params.map_err(|wrong| {
            DriverError::InvalidParameterValue(format!("driver_info/inspector_extra_kernel_params: {wrong}"))
        })
    }
}

fn verdict(result: Result<(), DriverError>) -> Result<Verdict, DriverError> {
    match result {
        Ok(()) => Ok(Verdict::Ok),
        Err(DriverError::UnsupportedDriverExtension(reason)) => Ok(Verdict::Unsupported(reason)),
        Err(other) => Err(other),
    }
}
