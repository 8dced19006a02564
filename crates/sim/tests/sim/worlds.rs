//! The run engine in worlds under virtual time: every effect meets every fault, and worlds of chance.

use std::collections::BTreeSet;

use assay_core::{
    id::{BodyId, PortId},
    power::{BootDevice, BootOverride, PowerTarget},
    run::{Effect, EndPower},
};
use assay_sim::worlds::{
    Kind, Setup,
    faults::{Fault, Faults},
    play,
};
use uuid::Uuid;

/// Worlds of chance in a test run; `cargo xtask soak worlds` plays more.
const SEEDS: u64 = 600;

/// One effect of each variant. What is not here does not compile: see [`place`].
fn every_effect() -> Vec<Effect> {
    let former = BootOverride { device: None, persistent: false };
    let port = PortId(Uuid::nil());
    vec![
        Effect::ReadPower,
        Effect::CreatePortsFromBmc,
        Effect::ValidateInspection,
        Effect::CheckImages,
        Effect::PowerOff,
        Effect::RemoveLeftovers,
        Effect::AddInspectionNetwork { port },
        Effect::AwaitPortsActive,
        Effect::PrepareRamdisk,
        Effect::InsertMedia,
        Effect::SetBootDevice { device: BootDevice::Pxe, persistent: false },
        Effect::StartIntrospection { manage_boot: false },
        Effect::PowerOn { reboot: false },
        Effect::FetchData,
        Effect::ProcessBody { body: BodyId(Uuid::nil()) },
        Effect::SetPower { target: PowerTarget::On },
        Effect::AbortIntrospection,
        Effect::RestorePower { to: EndPower::Off },
        Effect::EjectMedia,
        Effect::RestoreBootDevice { ours: BootDevice::Pxe, former },
        Effect::CleanUpRamdisk,
        Effect::RemoveInspectionNetwork { port, vif: None },
    ]
}

/// The place of an effect in [`every_effect`]: a new variant has none, and asks for its row there.
const fn place(effect: &Effect) -> usize {
    match effect {
        Effect::ReadPower => 0,
        Effect::CreatePortsFromBmc => 1,
        Effect::ValidateInspection => 2,
        Effect::CheckImages => 3,
        Effect::PowerOff => 4,
        Effect::RemoveLeftovers => 5,
        Effect::AddInspectionNetwork { .. } => 6,
        Effect::AwaitPortsActive => 7,
        Effect::PrepareRamdisk => 8,
        Effect::InsertMedia => 9,
        Effect::SetBootDevice { .. } => 10,
        Effect::StartIntrospection { .. } => 11,
        Effect::PowerOn { .. } => 12,
        Effect::FetchData => 13,
        Effect::ProcessBody { .. } => 14,
        Effect::SetPower { .. } => 15,
        Effect::AbortIntrospection => 16,
        Effect::RestorePower { .. } => 17,
        Effect::EjectMedia => 18,
        Effect::RestoreBootDevice { .. } => 19,
        Effect::CleanUpRamdisk => 20,
        Effect::RemoveInspectionNetwork { .. } => 21,
    }
}

#[test]
fn the_list_of_effects_is_whole() {
    let places: Vec<usize> = every_effect().iter().map(place).collect();
    assert_eq!(places, (0..places.len()).collect::<Vec<_>>());
}

/// The effect matrix: in every kind of inspection, every effect meets every fault, once and three times in a row.
#[test]
fn s1_whatever_goes_wrong_with_any_effect_nothing_is_left() {
    let (mut cells, mut sent, mut failed) = (0, BTreeSet::new(), Vec::new());
    for kind in Kind::ALL {
        for effect in every_effect() {
            for (fault, times) in Fault::ALL.into_iter().flat_map(|fault| [(fault, 1), (fault, 3)]) {
                let faults = Faults::Script { effect: effect.name(), fault, times };
                match play(&Setup::scripted(kind, faults)) {
                    Ok(story) if story.effects.contains(effect.name()) => {
                        cells += 1;
                        sent.extend(story.effects);
                    }
                    // This kind of inspection has no such effect.
                    Ok(_) => {}
                    Err(left) => failed.push(format!("{kind:?}, {} {fault:?} {times}: {left}", effect.name())),
                }
            }
        }
    }
    println!("{cells} cells");
    assert!(
        failed.is_empty(),
        "{} of {} cells:\n{}",
        failed.len(),
        cells + failed.len(),
        failed[..failed.len().min(12)].join("\n")
    );
    // A client's power action is a run of its own: worlds of chance have them.
    let missing: Vec<_> =
        every_effect().iter().map(Effect::name).filter(|name| !sent.contains(name) && *name != "SetPower").collect();
    assert!(missing.is_empty(), "no world sends {missing:?}");
}

#[test]
fn s1_worlds_of_chance_come_to_rest_with_nothing_left() {
    let mut effects = BTreeSet::new();
    for seed in 0..SEEDS {
        let story = play(&Setup::by_chance(seed)).unwrap_or_else(|left| panic!("seed {seed}:\n{left}"));
        effects.extend(story.effects);
    }
    assert_eq!(effects.len(), every_effect().len(), "{effects:?}");
}

#[test]
fn a_seed_tells_the_same_story_twice() {
    for seed in [0, 7, 1234] {
        assert_eq!(play(&Setup::by_chance(seed)), play(&Setup::by_chance(seed)));
    }
}
