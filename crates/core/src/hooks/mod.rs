//! Inspection hooks: what a node and its ports become by what the ramdisk found, as a pure function.
//!
//! A hook has two phases. The first of all hooks judges the body, and every failure is told; the
//! second of all hooks, in the configured order, says what to change. The dialects of the `agent`
//! interface and of the introspection service share the hooks: `ramdisk_error` is `ramdisk-error`.
//!
//! **Invariant:** a failure changes nothing, and data that is optional never fails.

mod architecture;
mod change;
mod cpus;
mod device_hints;
mod heard;
mod local_link_connection;
mod memory;
mod options;
mod parse_lldp;
mod physical_network;
mod pipeline;
mod ports;
mod ramdisk_error;
mod root_device;
mod validate_interfaces;

use self::validate_interfaces::Nic;
pub use self::{
    change::Change,
    device_hints::{DeviceHints, HintError},
    options::{AddPorts, HookOptions, KeepPorts},
    physical_network::{PhysicalNetworkMap, PhysicalNetworkMapError},
    pipeline::{Pipeline, PipelineError},
};
use crate::{inventory::Body, mac::MacAddress, node::Node, port::Port};

/// What a hook sees of the node.
#[derive(Clone, Copy, Debug)]
pub struct HookView<'a> {
    /// The node as it was before the inspection.
    pub node: &'a Node,
    /// All of its ports.
    pub ports: &'a [Port],
}

/// One hook's failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hook {hook}: {reason}")]
pub struct HookFailure {
    /// The hook's name.
    pub hook: &'static str,
    /// What is wrong, for the operator.
    pub reason: String,
}

/// Why an inspection's data was refused. The text becomes the node's `last_error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Hooks refused the body, each for its own reason.
    #[error("The following failures happened while running preprocess hooks:\n{}", lines(.0))]
    Preprocess(Vec<HookFailure>),
    /// A hook could not do its work.
    #[error("Inspection {0}")]
    Main(HookFailure),
}

fn lines(failures: &[HookFailure]) -> String {
    failures.iter().map(HookFailure::to_string).collect::<Vec<_>>().join("\n")
}

/// What both phases of all hooks work on.
struct Context<'a> {
    view: HookView<'a>,
    body: &'a Body,
    options: &'a HookOptions,
}

/// What the first phase of a hook found out for the second phase of others.
#[derive(Default)]
struct Findings {
    nics: Vec<Nic>,
    /// The NICs that ports are created for.
    new_ports: Vec<MacAddress>,
    /// The NIC that the ramdisk was booted over, if it is known and among `nics`.
    boot_mac: Option<MacAddress>,
}

impl Findings {
    /// The NICs that a port is there or created for, with the port that is there.
    fn nics_with_ports<'a>(&'a self, ports: &'a [Port]) -> impl Iterator<Item = (&'a Nic, Option<&'a Port>)> {
        let with_port = |nic: &'a Nic| (nic, ports.iter().find(|port| port.address == nic.mac));
        let has_one = |(nic, port): &(&Nic, Option<&Port>)| port.is_some() || self.new_ports.contains(&nic.mac);
        self.nics.iter().map(with_port).filter(has_one)
    }
}

type Preprocess = fn(&Context<'_>, &mut Findings) -> Result<(), String>;
type Main = fn(&Context<'_>, &Findings) -> Result<Vec<Change>, String>;

/// One hook. Each is a constant in a file of its own.
#[derive(Debug)]
struct Hook {
    name: &'static str,
    /// Hooks that have to stand before it.
    requires: &'static [&'static str],
    preprocess: Option<Preprocess>,
    main: Option<Main>,
}

/// Every hook that there is.
const HOOKS: [&Hook; 10] = [
    &ramdisk_error::HOOK,
    &validate_interfaces::HOOK,
    &ports::HOOK,
    &architecture::HOOK,
    &memory::HOOK,
    &cpus::HOOK,
    &root_device::HOOK,
    &parse_lldp::HOOK,
    &local_link_connection::HOOK,
    &physical_network::HOOK,
];

#[cfg(test)]
mod network_tests;
#[cfg(test)]
mod tests;
