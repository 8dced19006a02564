//! Which implementation serves which interface of a node, by name.
//!
//! **Invariant:** a name that was accepted for a node is found again, as long as it stays enabled.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use assay_core::node::{InterfaceKind, Interfaces, Node};
use futures::future::join_all;

use crate::{
    error::DriverError,
    hardware::{HARDWARE_TYPES, HardwareType, ONLY_WHEN_NAMED},
    interface::{BootInterface, InspectInterface, ManagementInterface, NetworkInterface, PowerInterface},
    network::Neutron,
};

mod error;
mod implementations;
#[cfg(test)]
mod tests;

pub use error::RegistryError;
pub use implementations::Implementations;

/// What the configuration says about drivers; an absent list means all that this build has.
#[derive(Clone, Debug, Default)]
pub struct RegistrySettings {
    /// `enabled_hardware_types`.
    pub hardware_types: Option<Vec<String>>,
    /// `enabled_<kind>_interfaces`.
    pub enabled: BTreeMap<InterfaceKind, Vec<String>>,
    /// `default_<kind>_interface`.
    pub defaults: BTreeMap<InterfaceKind, String>,
}

/// The enabled hardware types and interfaces.
pub struct Registry {
    hardware: Vec<&'static HardwareType>,
    enabled: BTreeMap<InterfaceKind, BTreeSet<&'static str>>,
    defaults: BTreeMap<InterfaceKind, String>,
    implementations: Implementations,
}

impl Registry {
    /// Puts together what the settings enable. The texts that come with it are warnings for the log:
    /// names that the settings list and this build does not have.
    ///
    /// # Errors
    /// [`RegistryError::BadDefault`]; [`RegistryError::DriverNotFound`] when not one of the listed
    /// hardware types exists.
    pub fn assemble(
        settings: &RegistrySettings,
        implementations: Implementations,
    ) -> Result<(Self, Vec<String>), RegistryError> {
        let mut warnings = Vec::new();
        let hardware = enabled_hardware(settings, &mut warnings)?;
        let mut enabled = BTreeMap::new();
        for &kind in InterfaceKind::ALL {
            let known = implementations.names(kind);
            let chosen = enabled_names(kind, settings.enabled.get(&kind), &known, &mut warnings);
            if let Some(name) = settings.defaults.get(&kind).filter(|name| !chosen.contains(name.as_str())) {
                return Err(RegistryError::BadDefault { kind, name: name.clone(), valid: python_list(&chosen) });
            }
            enabled.insert(kind, chosen);
        }
        Ok((Self { hardware, enabled, defaults: settings.defaults.clone(), implementations }, warnings))
    }

    /// The enabled hardware types.
    pub fn hardware_types(&self) -> impl Iterator<Item = &'static HardwareType> {
        self.hardware.iter().copied()
    }

    /// The hardware type of that name.
    ///
    /// # Errors
    /// [`RegistryError::DriverNotFound`].
    pub fn hardware_type(&self, name: &str) -> Result<&'static HardwareType, RegistryError> {
        self.hardware_types()
            .find(|hardware| hardware.name == name)
            .ok_or_else(|| RegistryError::DriverNotFound(name.to_owned()))
    }

    /// The enabled implementations of `kind` for a hardware type, the preferred one first.
    #[must_use]
    pub fn enabled_interfaces(&self, hardware: &HardwareType, kind: InterfaceKind) -> Vec<&'static str> {
        let enabled = &self.enabled[&kind];
        hardware.supports(kind).iter().copied().filter(|name| enabled.contains(name)).collect()
    }

    /// What a node gets that names no implementation of `kind`: the configured default where the
    /// hardware type can use it, else the hardware type's first choice.
    ///
    /// # Errors
    /// [`RegistryError::NoValidDefault`].
    pub fn default_interface(
        &self,
        hardware: &HardwareType,
        kind: InterfaceKind,
    ) -> Result<&'static str, RegistryError> {
        let usable = self.enabled_interfaces(hardware, kind);
        let configured = self.defaults.get(&kind).and_then(|name| usable.iter().find(|usable| *usable == name));
        configured
            .or(usable.first())
            .copied()
            .ok_or_else(|| RegistryError::NoValidDefault { kind, driver: hardware.name.to_owned() })
    }

    /// Checks that a node of `hardware` can use the implementation `name` of `kind`.
    ///
    /// # Errors
    /// [`RegistryError::InterfaceNotFound`], [`RegistryError::IncompatibleInterface`].
    pub fn check_interface(
        &self,
        hardware: &HardwareType,
        kind: InterfaceKind,
        name: &str,
    ) -> Result<(), RegistryError> {
        if !self.enabled[&kind].contains(name) {
            return Err(self.not_found(kind, name));
        }
        if !hardware.supports(kind).contains(&name) {
            let driver = hardware.name.to_owned();
            return Err(RegistryError::IncompatibleInterface { kind, name: name.to_owned(), driver });
        }
        Ok(())
    }

    /// All interfaces of a node of hardware type `driver`: those that were asked for, checked, and
    /// defaults for the others.
    ///
    /// # Errors
    /// Whatever [`check_interface`](Self::check_interface) and
    /// [`default_interface`](Self::default_interface) say.
    pub fn complete(&self, driver: &str, asked: &Interfaces) -> Result<Interfaces, RegistryError> {
        let hardware = self.hardware_type(driver)?;
        InterfaceKind::ALL
            .iter()
            .map(|&kind| match asked.get(&kind) {
                Some(name) => self.check_interface(hardware, kind, name).map(|()| (kind, name.clone())),
                None => self.default_interface(hardware, kind).map(|name| (kind, name.to_owned())),
            })
            .collect()
    }

    /// The keys of `driver_info` that the enabled interfaces of a hardware type read.
    #[must_use]
    pub fn properties(&self, hardware: &HardwareType) -> BTreeMap<&'static str, &'static str> {
        InterfaceKind::ALL
            .iter()
            .flat_map(|&kind| self.enabled_interfaces(hardware, kind).into_iter().map(move |name| (kind, name)))
            .flat_map(|(kind, name)| self.implementations.properties(kind, name).iter().copied())
            .collect()
    }

    /// Gives back what the interfaces hold outside, before an orderly stop; takes no longer than
    /// `within`.
    pub async fn close(&self, within: Duration) {
        join_all(self.implementations.power.values().map(|power| power.close(within))).await;
    }

    /// The node's power interface.
    ///
    /// # Errors
    /// Invalid when the node's implementation is not enabled here.
    pub fn power(&self, node: &Node) -> Result<Arc<dyn PowerInterface>, DriverError> {
        self.find(&self.implementations.power, InterfaceKind::Power, node)
    }

    /// The node's management interface.
    ///
    /// # Errors
    /// Invalid when the node's implementation is not enabled here.
    pub fn management(&self, node: &Node) -> Result<Arc<dyn ManagementInterface>, DriverError> {
        self.find(&self.implementations.management, InterfaceKind::Management, node)
    }

    /// The node's network interface.
    ///
    /// # Errors
    /// Invalid when the node's implementation is not enabled here.
    pub fn network(&self, node: &Node) -> Result<Arc<dyn NetworkInterface>, DriverError> {
        self.find(&self.implementations.network, InterfaceKind::Network, node)
    }

    /// What the network interfaces make their ports at, if it is configured.
    #[must_use]
    pub fn neutron(&self) -> Option<&Arc<Neutron>> {
        self.implementations.neutron.as_ref()
    }

    /// The node's boot interface.
    ///
    /// # Errors
    /// Invalid when the node's implementation is not enabled here.
    pub fn boot(&self, node: &Node) -> Result<Arc<dyn BootInterface>, DriverError> {
        self.find(&self.implementations.boot, InterfaceKind::Boot, node)
    }

    /// The node's inspect interface.
    ///
    /// # Errors
    /// Invalid when the node's implementation is not enabled here.
    pub fn inspect(&self, node: &Node) -> Result<Arc<dyn InspectInterface>, DriverError> {
        self.find(&self.implementations.inspect, InterfaceKind::Inspect, node)
    }

    fn find<T: ?Sized>(
        &self,
        implementations: &BTreeMap<&'static str, Arc<T>>,
        kind: InterfaceKind,
        node: &Node,
    ) -> Result<Arc<T>, DriverError> {
        let name = node.interface(kind);
        let enabled = self.enabled[&kind].contains(name);
        let found = implementations.get(name).filter(|_| enabled);
        found.cloned().ok_or_else(|| self.not_found(kind, name).into())
    }

    fn not_found(&self, kind: InterfaceKind, name: &str) -> RegistryError {
        RegistryError::InterfaceNotFound { kind, name: name.to_owned(), valid: python_list(&self.enabled[&kind]) }
    }
}

fn enabled_hardware(
    settings: &RegistrySettings,
    warnings: &mut Vec<String>,
) -> Result<Vec<&'static HardwareType>, RegistryError> {
    let Some(listed) = &settings.hardware_types else {
        return Ok(HARDWARE_TYPES.iter().collect());
    };
    let unknown: Vec<&str> = listed
        .iter()
        .map(String::as_str)
        .filter(|name| HARDWARE_TYPES.iter().all(|hardware| hardware.name != *name))
        .collect();
    if unknown.len() == listed.len() {
        return Err(RegistryError::DriverNotFound(unknown.join(", ")));
    }
    warnings.extend(
        unknown.iter().map(|name| format!("[DEFAULT]enabled_hardware_types: {name} is not in this build; ignored")),
    );
    Ok(HARDWARE_TYPES.iter().filter(|hardware| listed.iter().any(|name| name == hardware.name)).collect())
}

fn enabled_names(
    kind: InterfaceKind,
    listed: Option<&Vec<String>>,
    known: &BTreeSet<&'static str>,
    warnings: &mut Vec<String>,
) -> BTreeSet<&'static str> {
    let Some(listed) = listed else {
        return known.iter().copied().filter(|name| !ONLY_WHEN_NAMED.contains(name)).collect();
    };
    let unknown = listed.iter().filter(|name| !known.contains(name.as_str()));
    warnings.extend(
        unknown.map(|name| format!("[DEFAULT]enabled_{kind}_interfaces: {name} is not in this build; ignored")),
    );
    known.iter().copied().filter(|name| listed.iter().any(|listed| listed == name)).collect()
}

/// `['a', 'b']`, since clients compare and show the text of the field.
fn python_list(names: &BTreeSet<&'static str>) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", quoted.join(", "))
}
