//! Where a run's ramdisk reports to.

use assay_core::{
    boot::{BootRecord, Callback},
    node::Node,
    run::Service,
};
use assay_drivers::{DriverError, Task, interface::InspectKind};

use super::Conductor;

/// What stands for an address that the ramdisk finds by multicast DNS.
const MDNS: &str = "mdns";

impl Conductor {
    /// Everything that can be wrong with the boot answers, but for the images.
    pub(super) async fn check_boot_answers(&self, task: &Task, service: Service) -> Result<(), DriverError> {
        let draft = self.parts().registry.boot(&task.node)?.draft_record(task, &self.kernel_params(task)?)?;
        self.addressed(&task.node, draft, service).await.map(drop)
    }

    /// Adds where the ramdisk reports to, and makes sure that the kernel line holds it all.
    pub(super) async fn addressed(
        &self,
        node: &Node,
        mut record: BootRecord,
        service: Service,
    ) -> Result<BootRecord, DriverError> {
        if let Some(callback) = self.callback(node, service).await? {
            record.callback = callback;
        }
        record.dhcp = self.parts().registry.network(node)?.dhcp();
        self.dhcp_options(&record)?;
        record.check().map_err(|wrong| {
            DriverError::InvalidParameterValue(format!("Node {} can't be booted: {wrong}", node.id))
        })?;
        Ok(record)
    }

    /// The URL begins with what is configured for it, else with the introspection service's endpoint,
    /// else with our own boot listener. Our own receiver takes run id and secret whatever the base;
    /// an external service gets its own URL.
    pub(super) async fn callback(&self, node: &Node, service: Service) -> Result<Option<Callback>, DriverError> {
        let inspect = self.parts().registry.inspect(node)?;
        let InspectKind::InBand { callback_path, .. } = inspect.kind() else { return Ok(None) };
        let config = self.config();
        let given = config.callback_override.clone();
        let endpoint = if given.is_some() { None } else { inspect.endpoint().await? };
        if service != Service::External {
            let reachable = endpoint.filter(|endpoint| !is_loopback(endpoint));
            let bases = given.or(reachable).unwrap_or_else(|| config.boot_url.clone());
            return Ok(Some(Callback::Own(bases.split(',').map(|base| with_path(base, callback_path)).collect())));
        }
        let Some(base) = given.or(endpoint) else { return Ok(None) };
        if base == MDNS {
            return Ok(Some(Callback::Foreign(MDNS.to_owned())));
        }
        if is_loopback(&base) {
            return Err(DriverError::InvalidParameterValue(format!(
                "Loopback address {base} can't be reached by a ramdisk: set [inspector] callback_endpoint_override"
            )));
        }
        Ok(Some(Callback::Foreign(with_path(&base, callback_path))))
    }
}

/// The base may have the API's version already.
fn with_path(base: &str, path: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base))
}

fn is_loopback(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_with_or_without_the_version_gives_one_url() {
        for base in ["http://a:5050", "http://a:5050/", "http://a:5050/v1", " http://a:5050/v1/"] {
            assert_eq!(with_path(base, "/v1/continue"), "http://a:5050/v1/continue");
        }
    }

    #[test]
    fn a_loopback_address_is_none_that_a_ramdisk_reaches() {
        for (url, loopback) in [
            ("http://127.0.0.1:5050/v1", true),
            ("http://localhost:5050", true),
            ("https://[::1]:5050/v1", true),
            ("http://10.0.0.1:5050", false),
            ("http://inspector.example", false),
            ("mdns", false),
        ] {
            assert_eq!(is_loopback(url), loopback, "{url}");
        }
    }
}
