//! The interfaces of a node, with the method names of the field; each has at least two
//! implementations. A method does one thing to the outside world and decides no state.
//!
//! **Invariant:** every method ends by itself within the deadlines of its implementation.

use std::time::Duration;

use assay_core::{
    boot::{BootRecord, DhcpProvider, dhcp_options::DhcpOption},
    id::PortId,
    kernel::KernelParams,
    mac::MacAddress,
    node::Node,
    port::Port,
    portgroup::Portgroup,
    power::{BootDevice, BootMode, BootOverride, PowerState, PowerTarget},
    run::{Mark, RunId, Service, Vif, VifId},
    secret::Secret,
};
use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use crate::error::DriverError;

/// What an interface may know: the node, its ports, and the run on whose behalf it acts.
#[derive(Clone, Debug)]
pub struct Task {
    /// The node, secrets included.
    pub node: Node,
    /// All of its ports.
    pub ports: Vec<Port>,
    /// The groups that its ports are in.
    pub portgroups: Vec<Portgroup>,
    /// The run, when there is one; validation for the API has none.
    pub run: Option<RunId>,
    /// The node boots from a disc: every one of its NICs may be used, not only those that it may be
    /// booted from.
    pub boots_from_media: bool,
}

impl Task {
    /// The same node as it will be once the conductor has made its ports from the BMC's list: with
    /// one port whose address nobody knows yet.
    #[must_use]
    pub fn with_port_to_come(&self) -> Self {
        let port = Port::blank(PortId(Uuid::nil()), self.node.id, MacAddress([0; 6]), self.node.created_at);
        Self { ports: vec![port], ..self.clone() }
    }

    /// The NICs that may be booted from.
    #[must_use]
    pub fn boot_macs(&self) -> Vec<MacAddress> {
        self.ports.iter().filter(|port| port.pxe_enabled).map(|port| port.address).collect()
    }
}

/// One key of `driver_info` that an interface reads, for `GET /v1/drivers/<name>/properties`.
pub type Property = (&'static str, &'static str);

/// Power through the BMC.
#[async_trait]
pub trait PowerInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Checks `driver_info` without asking the BMC.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn validate(&self, task: &Task) -> Result<(), DriverError>;

    /// Asks the BMC.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError>;

    /// Brings the node to `target` and waits until the BMC shows it. Does not write to the BMC
    /// when the state is already right. `patience` replaces the configured time that the BMC, or the
    /// operating system, has to get there.
    ///
    /// # Errors
    /// [`DriverError::Bmc`], marked when the request may have landed.
    async fn set_power_state(
        &self,
        task: &Task,
        target: PowerTarget,
        patience: Option<Duration>,
    ) -> Result<(), DriverError>;

    /// Gives back what it holds at BMCs, such as sessions, before an orderly stop; takes no longer
    /// than `within`.
    async fn close(&self, _within: Duration) {}
}

/// Boot device, boot mode and MAC addresses through the BMC.
#[async_trait]
pub trait ManagementInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Checks `driver_info` without asking the BMC.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn validate(&self, task: &Task) -> Result<(), DriverError>;

    /// The devices that the BMC can be told to boot from.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_supported_boot_devices(&self, task: &Task) -> Result<Vec<BootDevice>, DriverError>;

    /// The override that the BMC holds now.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_boot_device(&self, task: &Task) -> Result<BootOverride, DriverError>;

    /// Sets the override; a single request.
    ///
    /// # Errors
    /// Invalid for a device that the BMC does not offer; [`DriverError::Bmc`].
    async fn set_boot_device(&self, task: &Task, device: BootDevice, persistent: bool) -> Result<(), DriverError>;

    /// Takes `ours` back, if the BMC still holds it: no override, or the `former` device where the
    /// BMC has no way to hold none.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn restore_boot_device(
        &self,
        task: &Task,
        ours: BootDevice,
        former: &BootOverride,
    ) -> Result<(), DriverError>;

    /// The firmware's boot mode, if the BMC tells it.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn get_boot_mode(&self, _task: &Task) -> Result<Option<BootMode>, DriverError> {
        Ok(None)
    }

    /// The MAC addresses of the node's NICs, for the creation of ports before the first inspection.
    ///
    /// # Errors
    /// Unsupported where the BMC can't list them; [`DriverError::Bmc`].
    async fn get_mac_addresses(&self, task: &Task) -> Result<Vec<MacAddress>, DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "get_mac_addresses"))
    }

    /// Whether [`get_mac_addresses`](Self::get_mac_addresses) is there, without asking the BMC.
    fn lists_macs(&self) -> bool {
        false
    }
}

/// Which network the node's NICs are on (seed: "Extend the `NetworkInterface`").
#[async_trait]
pub trait NetworkInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Whether the node's NICs can be put on an inspection network, and which of them would be.
    ///
    /// # Errors
    /// Unsupported when there is none to put them on; missing or invalid parameters;
    /// [`DriverError::NetworkError`] when nobody can tell.
    async fn validate_inspection(&self, task: &Task) -> Result<InspectionPorts, DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "validate_inspection"))
    }

    /// What earlier inspections of the installation `instance` have left on the node's NICs.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`]; it also names a port of somebody else that is bound to one of
    /// these NICs, since moving the switch port would cut that off.
    async fn leftovers(&self, _task: &Task, _instance: &str) -> Result<Vec<HeldPort>, DriverError> {
        Ok(Vec::new())
    }

    /// Puts one port on the inspection network and returns the Neutron port made for it.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`], marked when a Neutron port may have been made all the same.
    async fn add_inspection_network(&self, _task: &Task, _wanted: &NewVif<'_>) -> Result<Option<Vif>, DriverError> {
        Ok(None)
    }

    /// Waits until the switch has moved all these ports; bounded.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`]: one can't be moved, or is not in time.
    async fn await_ports_active(&self, _task: &Task, _vifs: &[Vif]) -> Result<(), DriverError> {
        Ok(())
    }

    /// Removes what [`add_inspection_network`](Self::add_inspection_network) made under this mark;
    /// absent is well. Without `vif`, whose receipt was lost, it is found by its name.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`].
    async fn remove_inspection_network(
        &self,
        _task: &Task,
        _mark: &Mark,
        _vif: Option<&VifId>,
    ) -> Result<(), DriverError> {
        Ok(())
    }

    /// Who gives the NICs their addresses during an inspection.
    fn dhcp(&self) -> DhcpProvider {
        DhcpProvider::Own
    }

    /// Whether the NICs are apart from every other network during an inspection.
    fn isolates(&self) -> bool {
        true
    }
}

/// Which of a node's NICs an inspection moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectionPorts {
    /// The ports to be moved; empty for an interface that moves none.
    pub ports: Vec<PortId>,
    /// The others that were to be moved but for what they lack, one sentence each.
    pub left_out: Vec<String>,
}

/// A port to be put on the inspection network.
#[derive(Clone, Copy, Debug)]
pub struct NewVif<'a> {
    /// The port of the node.
    pub port: &'a Port,
    /// The name of what is made for it.
    pub mark: &'a Mark,
    /// What its DHCP answers shall hold.
    pub dhcp_options: &'a [DhcpOption],
    /// An earlier try may have landed.
    pub repeated: bool,
}

/// A Neutron port of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPort {
    /// Its id.
    pub vif: VifId,
    /// Its name, which tells who made it.
    pub mark: Mark,
}

/// How the ramdisk is booted (seed: "Extend the `BootInterface`").
#[async_trait]
pub trait BootInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// Whether the node has what booting a ramdisk takes: the `boot` row of
    /// `GET /v1/nodes/<id>/validate`.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    async fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// Whether the node has what booting an inspection ramdisk takes.
    ///
    /// # Errors
    /// Unsupported when parameters are absent (so that the caller falls back); invalid ones.
    async fn validate_inspection(&self, task: &Task) -> Result<(), DriverError> {
        Err(DriverError::unsupported(&task.node.driver, "validate_inspection"))
    }

    /// Brings kernel and ramdisk into the cache: slow, fails most, and touches no machine.
    ///
    /// # Errors
    /// [`DriverError::Image`].
    async fn check_images(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// What [`prepare_ramdisk`](Self::prepare_ramdisk) would return, but for the images: it fetches
    /// none, so that everything else about the answers can be checked at any time.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    fn draft_record(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError>;

    /// What the boot listeners shall answer to the node's NICs. `params` are the kernel parameters
    /// of this run; where the ramdisk reports to is the caller's to add. Rendering happens when a
    /// NIC asks.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    async fn prepare_ramdisk(&self, task: &Task, params: &KernelParams) -> Result<BootRecord, DriverError>;

    /// Takes back what [`prepare_ramdisk`](Self::prepare_ramdisk) did beyond the record that it returned.
    ///
    /// # Errors
    /// Whatever the means of booting answers.
    async fn clean_up_ramdisk(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// Whether the node boots from a disc that its BMC is given.
    fn boots_from_media(&self) -> bool {
        false
    }

    /// Puts the disc at `url` into the machine; a single request. `url` holds a secret.
    ///
    /// # Errors
    /// Invalid where the BMC has no drive for it; [`DriverError::Bmc`].
    async fn insert_media(&self, _task: &Task, _url: &Secret) -> Result<(), DriverError> {
        Ok(())
    }

    /// Takes the disc at `url` out again, and no other; absent is well.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    async fn eject_media(&self, _task: &Task, _url: &Secret) -> Result<(), DriverError> {
        Ok(())
    }

    /// The device that the node is told to boot from, once.
    fn boot_device(&self) -> Option<BootDevice> {
        Some(BootDevice::Pxe)
    }
}

/// How an inspection is carried out and where its data comes from.
#[async_trait]
pub trait InspectInterface: Send + Sync {
    /// The `driver_info` keys that it reads, each with its description.
    fn properties(&self) -> &'static [Property] {
        &[]
    }

    /// What kind of inspection it is.
    fn kind(&self) -> InspectKind;

    /// Whether the node can be inspected this way at all.
    ///
    /// # Errors
    /// Unsupported for an interface that refuses every inspection.
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    /// The introspection service that has to be told; `own_instance` is by which the built-in one
    /// is known where an endpoint is configured.
    async fn service(&self, _own_instance: &str) -> Service {
        Service::None
    }

    /// The URL of the introspection service, without its version; `None` if none is configured.
    ///
    /// # Errors
    /// [`DriverError::Inspection`]: the catalog has none, or can't be asked.
    async fn endpoint(&self) -> Result<Option<String>, DriverError> {
        Ok(None)
    }

    /// Tells an external introspection service that the node is about to boot (seed: "Call
    /// ironic-inspector passing `manage_boot=False`"), or to boot it. `repeated`: an earlier try may
    /// have landed.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn start_introspection(&self, _task: &Task, _manage_boot: bool, _repeated: bool) -> Result<(), DriverError> {
        Ok(())
    }

    /// Asks an external introspection service how far it is.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn introspection(&self, _task: &Task) -> Result<Progress, DriverError> {
        Ok(Progress::GoesOn)
    }

    /// What an external introspection service has found; `None` if it keeps no data.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn introspection_data(&self, _task: &Task) -> Result<Option<IntrospectionData>, DriverError> {
        Ok(None)
    }

    /// Tells an external introspection service to forget the node; "not found" is well.
    ///
    /// # Errors
    /// [`DriverError::Inspection`].
    async fn abort_introspection(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }
}

/// How far an external introspection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has not ended.
    GoesOn,
    /// It has ended well.
    Finished,
    /// It has failed, in the service's words.
    Failed(String),
}

/// What an external introspection has found.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrospectionData {
    /// The ramdisk's inventory.
    pub inventory: Value,
    /// All else that the service has stored.
    pub plugin_data: Value,
}

/// The kinds of inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectKind {
    /// `no-inspect`: refused.
    None,
    /// Ends at once, without booting anything (`fake`).
    Immediate,
    /// A ramdisk is booted and posts what it found; the path of its callback, such as
    /// `/v1/continue_inspection`.
    InBand {
        /// Path of the callback on our own listeners, before run id and secret.
        callback_path: &'static str,
        /// What `require_managed_boot` means when it is unset.
        requires_managed_boot: bool,
    },
}
