//! Watches a machine's power and the VLAN of its switch port side by side: a port may only move while its machine is off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use super::cloud::Cloud;
use crate::lab::machine::Machine;
use crate::lab::{INSPECTION_TAG, power};
use crate::test::findings::Findings;

/// The pause between two looks: a move takes Neutron a second or two, in which power and port must not both change unseen.
const PERIOD: Duration = Duration::from_millis(50);

/// What was seen at one moment: whether the machine was on, and where its port was.
pub type Sight = (bool, Option<u16>);

/// Watches while `work` goes on; gives what it gave, and the changes that were seen.
pub fn during<T>(cloud: &Cloud, machine: &Machine, work: impl FnOnce() -> T) -> (T, Vec<Sight>) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch: ScopedJoinHandle<Vec<Sight>> = scope.spawn(|| {
            let mut sights = Vec::new();
            while !over.load(Ordering::Relaxed) {
                sights.extend(look(cloud, machine));
                sights.dedup();
                thread::sleep(PERIOD);
            }
            sights
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        (done, watch.join().unwrap_or_default())
    })
}

fn look(cloud: &Cloud, machine: &Machine) -> Option<Sight> {
    let on = power::state(cloud.lab, machine).ok()? == "On";
    Some((on, cloud.stack.tag(&machine.name).ok()?))
}

/// The port left its VLAN for the inspection network and came back, each time while the machine was off.
pub fn moved_only_while_off(name: &str, sights: &[Sight], findings: &mut Findings) {
    let vlans: Vec<Option<u16>> = sights.iter().map(|(_, vlan)| *vlan).collect();
    let away = vlans.iter().position(|vlan| *vlan == Some(INSPECTION_TAG));
    let back = away.and_then(|away| vlans[away..].iter().position(|vlan| *vlan == vlans[0]));
    findings.expect(&format!("{name}: its port went to the inspection VLAN and back: {sights:?}"), back.is_some());
    let moves = sights.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let off = moves.map(|pair| !pair[0].0 && !pair[1].0);
    findings.expect(&format!("{name}: off whenever its port moved: {sights:?}"), off.into_iter().all(|off| off));
    let booted = sights.contains(&(true, Some(INSPECTION_TAG)));
    findings.expect(&format!("{name}: on in the inspection VLAN: {sights:?}"), booted);
}
