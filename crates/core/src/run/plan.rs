//! The inspection flow, in the seed's order. Whoever knows the seed can read it here from top to
//! bottom: [`INSPECTION`] is the list of steps, [`expand`] says what each of them does to the world.
//!
//! **Invariant:** what is done to the world after the ramdisk's post, or after a failure, is not
//! here: it is the undo of what the journal says was done ([`undo`](super::undo)).

use super::{Effect, Run, RunKind, Service};
use crate::power::BootDevice;

/// One step of a plan. A step may expand to several effects, which happen side by side, or to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// What the BMC holds before anything is changed; also the first sign that it answers.
    ReadPower,
    /// Ports from the BMC's MAC addresses, so that a virgin node can be managed.
    CreatePortsFromBmc,
    /// Calls `network.validate_inspection` and `boot.validate_inspection`. If either raises
    /// `UnsupportedDriverExtension`, somebody else manages the boot: the old approach.
    ValidateInspection,
    /// Kernel and ramdisk are fetched before power is touched: they are slow and fail most.
    CheckImages,
    /// Off first: the switch port can be moved safely, and the tenant's system never boots on the
    /// inspection network.
    PowerOff,
    /// What an earlier run could not remove goes before the switch port is moved: removing it later
    /// would take the port away from its new network.
    RemoveLeftovers,
    /// Calls `network.add_inspection_network`: a port on the inspection network for each NIC.
    AddInspectionNetwork,
    /// The switch has moved every one of these ports.
    AwaitPortsActive,
    /// Calls `boot.prepare_ramdisk` with the extra kernel parameters and the callback's URL.
    PrepareRamdisk,
    /// The disc goes into the virtual drive, for a boot that is not over the network.
    InsertMedia,
    /// The NIC or the virtual disc is booted from once.
    SetBootDevice,
    /// Calls the introspection API with `manage_boot=False`; not where that service boots the node.
    StartIntrospection,
    /// Powers on the machine through `power`.
    PowerOn,
    /// Waits for the ramdisk, owned by nobody. An external service that boots the node itself (the
    /// old approach) is called only now, when it can have the node's lock.
    Wait,
    /// What an external introspection service has found is fetched and stored.
    FetchData,
    /// The hooks work on what the ramdisk posted, and the result is stored.
    ProcessBody,
    /// A power action that a client asked for.
    SetPower,
}

/// The inspection: the seed's list, in its order.
pub const INSPECTION: &[Step] = &[
    Step::ReadPower,
    Step::CreatePortsFromBmc,
    Step::ValidateInspection,
    Step::CheckImages,
    Step::PowerOff,
    Step::RemoveLeftovers,
    Step::AddInspectionNetwork,
    Step::AwaitPortsActive,
    Step::PrepareRamdisk,
    Step::InsertMedia,
    Step::SetBootDevice,
    Step::StartIntrospection,
    Step::PowerOn,
    Step::Wait,
    Step::FetchData,
    Step::ProcessBody,
];

/// What goes on once more after a wait without a sign of life: firmware that failed to boot from the network is often at rest
/// in a menu, or in the tenant's system.
pub const BOOT_AGAIN: &[Step] =
    &[Step::PowerOff, Step::SetBootDevice, Step::PowerOn, Step::Wait, Step::FetchData, Step::ProcessBody];

/// An inspection that was started at the introspection API (seed: "does not anyhow affect
/// introspection that is started using the ironic-inspector's own CLI or API"): no network is touched.
pub const INTROSPECTION: &[Step] =
    &[Step::ReadPower, Step::StartIntrospection, Step::SetBootDevice, Step::PowerOn, Step::Wait, Step::ProcessBody];

/// The steps of a run.
#[must_use]
pub const fn plan(run: &Run) -> &'static [Step] {
    match run.snapshot.kind {
        RunKind::Inspect if run.boots_again > 0 => BOOT_AGAIN,
        RunKind::Inspect if run.snapshot.in_band => INSPECTION,
        RunKind::Inspect => &[],
        RunKind::Introspect { .. } => INTROSPECTION,
        RunKind::Verify => &[Step::ReadPower],
        RunKind::Power(_) => &[Step::SetPower],
        RunKind::BootDevice { .. } => &[Step::SetBootDevice],
    }
}

/// The effects of one step, for this run as it stands; empty when the step does not concern it.
#[must_use]
pub fn expand(run: &Run, step: Step) -> Vec<Effect> {
    let managed = run.is_managed();
    let facts = &run.snapshot;
    let boots = switches_power(run);
    match step {
        Step::ReadPower => vec![Effect::ReadPower],
        Step::CreatePortsFromBmc => when(facts.pre_create_ports, Effect::CreatePortsFromBmc),
        Step::ValidateInspection => vec![Effect::ValidateInspection],
        Step::CheckImages => when(managed, Effect::CheckImages),
        Step::PowerOff => when(boots && !facts.disable_power_off, Effect::PowerOff),
        Step::RemoveLeftovers => when(managed && !run.ports.is_empty(), Effect::RemoveLeftovers),
        Step::AwaitPortsActive => when(run.vifs().next().is_some(), Effect::AwaitPortsActive),
        Step::AddInspectionNetwork if managed => {
            run.ports.iter().map(|&port| Effect::AddInspectionNetwork { port }).collect()
        }
        Step::PrepareRamdisk => when(managed, Effect::PrepareRamdisk),
        Step::InsertMedia => when(managed && facts.virtual_media, Effect::InsertMedia),
        Step::SetBootDevice => boot_device(run, boots),
        Step::StartIntrospection if boots || facts.service == Service::BuiltIn => start_introspection(run),
        Step::PowerOn => when(boots, Effect::PowerOn { reboot: facts.disable_power_off || !is_off_first(run) }),
        Step::ProcessBody => run.body.map(|body| Effect::ProcessBody { body }).into_iter().collect(),
        Step::SetPower => match facts.kind {
            RunKind::Power(target) => vec![Effect::SetPower { target }],
            _ => Vec::new(),
        },
        Step::Wait if !boots && facts.service == Service::External => start_introspection(run),
        Step::FetchData => when(facts.service == Service::External, Effect::FetchData),
        Step::AddInspectionNetwork | Step::StartIntrospection | Step::Wait => Vec::new(),
    }
}

/// Whether we switch the node's power: an external service that manages the boot does that itself.
fn switches_power(run: &Run) -> bool {
    match run.snapshot.kind {
        RunKind::Introspect { manage_boot } => manage_boot,
        _ => run.is_managed() || run.snapshot.service != Service::External,
    }
}

/// Whether the plan powers the node off before it is powered on.
const fn is_off_first(run: &Run) -> bool {
    !matches!(run.snapshot.kind, RunKind::Introspect { .. })
}

fn start_introspection(run: &Run) -> Vec<Effect> {
    let manage_boot = match run.snapshot.kind {
        RunKind::Introspect { manage_boot } => manage_boot,
        _ => !run.is_managed(),
    };
    when(run.snapshot.service != Service::None, Effect::StartIntrospection { manage_boot })
}

fn boot_device(run: &Run, boots: bool) -> Vec<Effect> {
    match (run.snapshot.kind, run.snapshot.boot_device) {
        (RunKind::BootDevice { device, persistent }, _) => vec![Effect::SetBootDevice { device, persistent }],
        // UEFI's HTTP boot, where the BMC has no word for it: firmware that boots from the network tries both.
        (_, Some(BootDevice::UefiHttp)) if boots && run.journal.lacks_device() => {
            vec![Effect::SetBootDevice { device: BootDevice::Pxe, persistent: false }]
        }
        (_, Some(device)) if boots => vec![Effect::SetBootDevice { device, persistent: false }],
        _ => Vec::new(),
    }
}

fn when(condition: bool, effect: Effect) -> Vec<Effect> {
    if condition { vec![effect] } else { Vec::new() }
}
