//! What is decided when a run is requested.

use std::time::Duration;

use assay_core::{
    node::Node,
    power::BootDevice,
    run::{RunKind, Service, Snapshot},
};
use assay_drivers::{DriverError, interface::InspectKind};

use super::Conductor;

impl Conductor {
    /// The facts that a run goes by to its end, whatever is changed meanwhile.
    pub(super) async fn snapshot(&self, node: &Node, kind: RunKind) -> Result<Snapshot, DriverError> {
        self.snapshot_for(node, kind, None).await
    }

    /// The same for a power action that its client gives so much time.
    pub(super) async fn snapshot_for(
        &self,
        node: &Node,
        kind: RunKind,
        patience: Option<Duration>,
    ) -> Result<Snapshot, DriverError> {
        let config = self.config();
        if matches!(kind, RunKind::Introspect { .. }) {
            return Ok(self.snapshot_of_introspection(node, kind));
        }
        let registry = &self.parts().registry;
        let inspect = registry.inspect(node)?.kind();
        let boot = registry.boot(node)?;
        Ok(Snapshot {
            kind,
            in_band: matches!(inspect, InspectKind::InBand { .. }),
            pre_create_ports: config.pre_create_ports,
            require_managed_boot: self.requires_managed_boot(inspect),
            service: self.service(node, kind).await?,
            power_off: config.power_off,
            disable_power_off: node.disable_power_off,
            virtual_media: boot.boots_from_media(),
            boot_device: boot.boot_device(),
            power_timeout: patience.map(whole_seconds),
            start_timeout: whole_seconds(config.time_for(kind, patience)),
            wait_timeout: whole_seconds(config.inspect_wait_timeout),
            boot_retry: config.boot_retry.map(whole_seconds),
        })
    }

    /// Only an inspection asks which introspection service is meant.
    async fn service(&self, node: &Node, kind: RunKind) -> Result<Service, DriverError> {
        match kind {
            RunKind::Inspect => Ok(self.parts().registry.inspect(node)?.service(self.store().instance()).await),
            _ => Ok(Service::None),
        }
    }

    /// What is started at the introspection API goes by that service's own options.
    fn snapshot_of_introspection(&self, node: &Node, kind: RunKind) -> Snapshot {
        let config = self.config();
        Snapshot {
            kind,
            in_band: true,
            pre_create_ports: false,
            require_managed_boot: false,
            service: Service::BuiltIn,
            power_off: config.power_off,
            disable_power_off: node.disable_power_off,
            virtual_media: false,
            boot_device: Some(BootDevice::Pxe),
            power_timeout: None,
            start_timeout: whole_seconds(config.start_timeout),
            wait_timeout: whole_seconds(config.introspection_timeout),
            boot_retry: None,
        }
    }

    /// `[inspector] require_managed_boot`; unset, it is the inspect interface's word.
    pub(super) fn requires_managed_boot(&self, kind: InspectKind) -> bool {
        let by_interface = matches!(kind, InspectKind::InBand { requires_managed_boot: true, .. });
        self.config().require_managed_boot.unwrap_or(by_interface)
    }
}

fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
