//! The management interface over Redfish.

use std::{sync::Arc, time::Duration};

use assay_core::{
    mac::MacAddress,
    power::{BootDevice, BootMode, BootOverride},
};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::{
    boot_source,
    client::{Bmc, Clients, Resource},
    failure::CallError,
    info::{DriverInfo, PROPERTIES},
    system::link,
};
use crate::{
    error::DriverError,
    interface::{ManagementInterface, Property, Task},
    management::{Restoration, lasting},
};

/// The management interface named `redfish`.
pub struct RedfishManagement {
    pub(super) clients: Arc<Clients>,
}

#[async_trait]
impl ManagementInterface for RedfishManagement {
    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn validate(&self, task: &Task) -> Result<(), DriverError> {
        DriverInfo::parse(&task.node, &self.clients.config).map(drop)
    }

    async fn get_supported_boot_devices(&self, task: &Task) -> Result<Vec<BootDevice>, DriverError> {
        let system = self.clients.begin(task).await?.system().await?;
        Ok(boot_source::supported(&system.body["Boot"]))
    }

    async fn get_boot_device(&self, task: &Task) -> Result<BootOverride, DriverError> {
        let system = self.clients.begin(task).await?.system().await?;
        Ok(boot_source::read(&system.body["Boot"]))
    }

    async fn set_boot_device(&self, task: &Task, device: BootDevice, persistent: bool) -> Result<(), DriverError> {
        let bmc = self.clients.begin(task).await?;
        let system = bmc.system().await?;
        let supported = boot_source::supported(&system.body["Boot"]);
        let target = boot_source::target(device).filter(|_| supported.contains(&device)).ok_or_else(|| {
            let names: Vec<_> = supported.iter().map(|device| device.as_str()).collect();
            DriverError::InvalidParameterValue(format!(
                "{}: the BMC does not boot from {device}; it offers: {}",
                bmc.asked(&system.link),
                names.join(", ")
            ))
        })?;
        Ok(write(&bmc, &system, boot_source::pair(target, persistent)).await?)
    }

    async fn restore_boot_device(
        &self,
        task: &Task,
        ours: BootDevice,
        former: &BootOverride,
    ) -> Result<(), DriverError> {
        let bmc = self.clients.begin(task).await?;
        let system = bmc.system().await?;
        let now = boot_source::read(&system.body["Boot"]);
        let displaced = lasting(former).and_then(boot_source::target);
        match Restoration::of(&now, ours, former, displaced) {
            Restoration::Nothing => Ok(()),
            Restoration::Put(target) => Ok(write(&bmc, &system, boot_source::pair(target, true)).await?),
            Restoration::Clear => clear(&bmc, &system, former).await,
        }
    }

    async fn get_boot_mode(&self, task: &Task) -> Result<Option<BootMode>, DriverError> {
        let system = self.clients.begin(task).await?.system().await?;
        Ok(boot_source::mode(&system.body["Boot"]))
    }

    async fn get_mac_addresses(&self, task: &Task) -> Result<Vec<MacAddress>, DriverError> {
        let bmc = self.clients.begin(task).await?;
        let system = bmc.system().await?;
        let Some(collection) = link(&system.body["EthernetInterfaces"]) else {
            return Err(DriverError::unsupported(&task.node.driver, "get_mac_addresses"));
        };
        let members = bmc.members(collection).await?;
        let nics = stream::iter(members).map(|member| expand(&bmc, member)).buffered(NICS_AT_ONCE);
        let mut macs = Vec::new();
        for mac in nics.try_collect::<Vec<_>>().await?.iter().filter_map(enabled_mac) {
            if !macs.contains(&mac) {
                macs.push(mac);
            }
        }
        Ok(macs)
    }

    fn lists_macs(&self) -> bool {
        true
    }
}

/// BMCs are small machines: more requests at once make them slower.
const NICS_AT_ONCE: usize = 2;

/// Sends an override; once more with the mode, where the BMC refused it without.
async fn write(bmc: &Bmc, system: &Resource, pair: Value) -> Result<(), CallError> {
    let triple = boot_source::triple(pair.clone(), &system.body["Boot"]);
    match (bmc.patch(system, &pair).await, triple) {
        (Err(error), Some(triple)) if error.is_refusal() => bmc.patch(system, &triple).await,
        (result, _) => result,
    }
}

/// Leaves no override; where the BMC can't, or says so and doesn't, the former device is put back.
async fn clear(bmc: &Bmc, system: &Resource, former: &BootOverride) -> Result<(), DriverError> {
    for disabled in boot_source::disabled(&system.body["Boot"]) {
        match bmc.patch(system, &disabled).await {
            Ok(()) if is_clear(bmc).await? => return Ok(()),
            Ok(()) => {}
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let former = former.device.and_then(boot_source::target);
    let target = former.ok_or_else(|| bmc.lacks(system, "the BMC has no way to hold no boot override"))?;
    Ok(write(bmc, system, boot_source::pair(target, false)).await?)
}

/// Whether the BMC holds no override now. It gets a moment, since some show a change late.
async fn is_clear(bmc: &Bmc) -> Result<bool, DriverError> {
    for pause in [0, 200, 800] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if boot_source::read(&bmc.system_now().await?.body["Boot"]).device.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A NIC that the collection gives as a link is read; one that it gives whole is taken.
async fn expand(bmc: &Bmc, member: Value) -> Result<Value, CallError> {
    let path = link(&member).filter(|_| member.as_object().is_some_and(|fields| fields.len() == 1));
    match path {
        Some(path) => Ok(bmc.get(path).await?.body),
        None => Ok(member),
    }
}

/// The address of a NIC that is enabled, or of which the BMC doesn't tell.
fn enabled_mac(nic: &Value) -> Option<MacAddress> {
    let enabled = nic["Status"]["State"].as_str().is_none_or(|state| state == "Enabled");
    let address = |key: &str| nic[key].as_str()?.parse().ok();
    address("MACAddress").or_else(|| address("PermanentMACAddress")).filter(|_| enabled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nics_count_when_enabled_and_with_whichever_address_they_show() {
        for (nic, mac) in [
            (json!({"MACAddress": "52:54:00:AA:00:01", "Status": {"State": "Enabled"}}), Some("52:54:00:aa:00:01")),
            (json!({"PermanentMACAddress": "52-54-00-AA-00-02"}), Some("52:54:00:aa:00:02")),
            (json!({"MACAddress": "", "PermanentMACAddress": "52:54:00:aa:00:03"}), Some("52:54:00:aa:00:03")),
            (json!({"MACAddress": "52:54:00:aa:00:04", "Status": {"State": "Disabled"}}), None),
            (json!({"MACAddress": "52:54:00:aa:00:05", "Status": {"Health": "OK"}}), Some("52:54:00:aa:00:05")),
            (json!({"MACAddress": null, "Status": null}), None),
        ] {
            assert_eq!(enabled_mac(&nic).map(|mac| mac.to_string()).as_deref(), mac, "{nic}");
        }
    }
}
