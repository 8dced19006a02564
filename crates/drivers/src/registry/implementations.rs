//! The implementations of this build, by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use assay_core::node::InterfaceKind;

use crate::{
    boot::{FakeBoot, FakeManagedBoot, NetworkBoot, RamdiskBoot, VirtualMediaBoot},
    fake::{FakeBmc, FakeConfig},
    hardware::HARDWARE_TYPES,
    inspect::{AgentInspect, FakeInspect, InspectorInspect, NoInspect},
    interface::{BootInterface, InspectInterface, ManagementInterface, NetworkInterface, PowerInterface, Property},
    ipmi::{self, IpmiConfig},
    management::NoopManagement,
    network::{Isolation, Neutron, NeutronNetwork, NeutronOptions, NoopNetwork},
    redfish::{self, RedfishConfig},
};

/// The implementations by name. Kinds that are served by name only have none.
#[derive(Clone, Default)]
pub struct Implementations {
    /// Power.
    pub power: BTreeMap<&'static str, Arc<dyn PowerInterface>>,
    /// Management.
    pub management: BTreeMap<&'static str, Arc<dyn ManagementInterface>>,
    /// Network.
    pub network: BTreeMap<&'static str, Arc<dyn NetworkInterface>>,
    /// Boot.
    pub boot: BTreeMap<&'static str, Arc<dyn BootInterface>>,
    /// Inspect.
    pub inspect: BTreeMap<&'static str, Arc<dyn InspectInterface>>,
    /// What the network interfaces make their ports at.
    pub neutron: Option<Arc<Neutron>>,
}

impl Implementations {
    /// Those that need nothing from outside.
    #[must_use]
    pub fn in_memory(fake: FakeConfig) -> Self {
        let bmc = Arc::new(FakeBmc::from(fake));
        Self {
            power: BTreeMap::from([("fake", bmc.clone() as _)]),
            management: BTreeMap::from([("fake", bmc as _), ("noop", Arc::new(NoopManagement) as _)]),
            network: BTreeMap::from([("noop", Arc::new(NoopNetwork::default()) as _)]),
            boot: BTreeMap::from([
                ("fake", Arc::new(FakeBoot { delay: fake.boot_delay }) as _),
                ("fake-managed", Arc::new(FakeManagedBoot { delay: fake.boot_delay }) as _),
            ]),
            inspect: BTreeMap::from([
                ("agent", Arc::new(AgentInspect) as _),
                ("fake", Arc::new(FakeInspect) as _),
                ("no-inspect", Arc::new(NoInspect) as _),
            ]),
            neutron: None,
        }
    }

    /// Adds `redfish` power and management, and boot of `disc` from virtual media.
    #[must_use]
    pub fn with_redfish(mut self, config: RedfishConfig, disc: RamdiskBoot) -> Self {
        let (power, management, media) = redfish::interfaces(config);
        self.boot.insert(disc.chain.as_str(), Arc::new(VirtualMediaBoot { ramdisk: disc, media }));
        self.power.insert("redfish", Arc::new(power));
        self.management.insert("redfish", Arc::new(management));
        self
    }

    /// Adds `ipmitool` power and management.
    #[must_use]
    pub fn with_ipmi(mut self, config: IpmiConfig) -> Self {
        let (power, management) = ipmi::interfaces(config);
        self.power.insert("ipmitool", Arc::new(power));
        self.management.insert("ipmitool", Arc::new(management));
        self
    }

    /// Adds the network interfaces `flat` and `neutron`. Without a Neutron they can be named, and say
    /// what is missing.
    #[must_use]
    pub fn with_neutron(mut self, options: &NeutronOptions, neutron: Option<Neutron>) -> Self {
        self.neutron = neutron.map(Arc::new);
        self.network.insert("noop", Arc::new(NoopNetwork { dhcp: options.dhcp }));
        for (name, isolation) in [("flat", Isolation::Flat), ("neutron", Isolation::Moved)] {
            let interface = NeutronNetwork { isolation, options: options.clone(), neutron: self.neutron.clone() };
            self.network.insert(name, Arc::new(interface));
        }
        self
    }

    /// Adds inspection by way of an introspection service.
    #[must_use]
    pub fn with_inspector(mut self, inspector: InspectorInspect) -> Self {
        self.inspect.insert("inspector", Arc::new(inspector));
        self
    }

    /// Adds boot over the network, under the name of its chain.
    #[must_use]
    pub fn with_network_boot(mut self, boot: RamdiskBoot) -> Self {
        self.boot.insert(boot.chain.as_str(), Arc::new(NetworkBoot(boot)));
        self
    }

    /// The names of `kind` that this build serves.
    pub(super) fn names(&self, kind: InterfaceKind) -> BTreeSet<&'static str> {
        match kind {
            InterfaceKind::Power => self.power.keys().copied().collect(),
            InterfaceKind::Management => self.management.keys().copied().collect(),
            InterfaceKind::Network => self.network.keys().copied().collect(),
            InterfaceKind::Boot => self.boot.keys().copied().collect(),
            InterfaceKind::Inspect => self.inspect.keys().copied().collect(),
            _ => HARDWARE_TYPES.iter().flat_map(|hardware| hardware.supports(kind)).copied().collect(),
        }
    }
    /// What the implementation `name` of `kind` reads from `driver_info`.
    pub(super) fn properties(&self, kind: InterfaceKind, name: &str) -> &'static [Property] {
        match kind {
            InterfaceKind::Power => self.power.get(name).map(|found| found.properties()),
            InterfaceKind::Management => self.management.get(name).map(|found| found.properties()),
            InterfaceKind::Network => self.network.get(name).map(|found| found.properties()),
            InterfaceKind::Boot => self.boot.get(name).map(|found| found.properties()),
            InterfaceKind::Inspect => self.inspect.get(name).map(|found| found.properties()),
            _ => None,
        }
        .unwrap_or_default()
    }
}
