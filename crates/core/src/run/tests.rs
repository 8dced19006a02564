//! The engine against a scripted world: order, endings, debts, restarts, and random events.

mod boot_again;
mod introspection;
mod late;
mod properties;
mod stored;

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use super::{figures::Figures, *};
use crate::{
    boot::sign::Sign,
    power::{BootOverride, PowerState},
    provision::ProvisionEvent,
};

fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn snapshot() -> Snapshot {
    Snapshot {
        kind: RunKind::Inspect,
        in_band: true,
        pre_create_ports: true,
        require_managed_boot: true,
        service: Service::None,
        power_off: true,
        disable_power_off: false,
        virtual_media: false,
        boot_device: Some(BootDevice::Pxe),
        power_timeout: None,
        start_timeout: 600,
        wait_timeout: 1800,
        boot_retry: None,
    }
}

fn vif(port: PortId) -> Vif {
    Vif { id: VifId(port.to_string()), mac: MacAddress([2, 0, 0, 0, 0, 1]), addresses: Vec::new() }
}

fn body() -> BodyId {
    BodyId(Uuid::from_u128(9))
}

/// Plays the world: every effect succeeds unless `fails` names it.
struct Player {
    run: Run,
    now: i64,
    order: Vec<String>,
    /// Of these, the ones that begin before the step that starts them is stored.
    unstored: Vec<String>,
    writes: Vec<NodeWrite>,
    fails: Vec<(&'static str, bool)>,
    verdict: Verdict,
    lacks_device: bool,
}

impl Player {
    fn new(snapshot: Snapshot) -> Self {
        let run = Run::new(RunId(Uuid::from_u128(1)), NodeId(Uuid::from_u128(2)), snapshot, at(0));
        let (order, unstored, writes, fails) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { run, now: 0, order, unstored, writes, fails, verdict: Verdict::Ok, lacks_device: false }
    }

    /// Gives the event and plays effects until the run rests.
    fn play(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let out = step(self.run.clone(), event.clone(), at(self.now), &Figures::default());
            let later = out.can_be_stored_later(self.run.phase, &event);
            self.run = out.run;
            self.writes.extend(out.writes);
            for seq in out.start {
                let entry = self.run.journal.get(seq).unwrap().clone();
                self.order.push(entry.effect.name().to_owned());
                self.unstored.extend(later.then(|| entry.effect.name().to_owned()));
                events.insert(0, self.answer(&entry));
            }
        }
    }

    fn answer(&self, entry: &Entry) -> Event {
        let seq = entry.seq;
        if let Some((name, maybe_happened)) = self.fails.iter().find(|(name, _)| *name == entry.effect.name()) {
            return Event::Failed { seq, error: format!("{name} refused"), maybe_happened: *maybe_happened };
        }
        let receipt = match &entry.effect {
            Effect::ReadPower => Receipt::Before {
                power: PowerState::On,
                boot: Some(BootOverride { device: Some(BootDevice::Disk), persistent: true }),
                lacks_device: self.lacks_device,
            },
            Effect::ValidateInspection => Receipt::Validated(Validation {
                network: Verdict::Ok,
                boot: self.verdict.clone(),
                ports: vec![PortId(Uuid::from_u128(3)), PortId(Uuid::from_u128(4))],
                left_out: vec!["52:54:00:00:00:09 is left out".to_owned()],
            }),
            Effect::AddInspectionNetwork { port } => Receipt::Vif(Some(vif(*port))),
            Effect::ProcessBody { .. } => Receipt::Processed { warnings: Vec::new() },
            _ => Receipt::Done,
        };
        Event::Done { seq, receipt }
    }

    fn advances(&self) -> Vec<ProvisionEvent> {
        let advance = |write: &NodeWrite| match write {
            NodeWrite::Advance(event) => Some(*event),
            _ => None,
        };
        self.writes.iter().filter_map(advance).collect()
    }

    fn last_error(&self) -> Option<&str> {
        self.writes.iter().rev().find_map(|write| match write {
            NodeWrite::LastError(text) => Some(text.as_deref()),
            _ => None,
        })?
    }
}

const UNTIL_WAIT: [&str; 12] = [
    "ReadPower",
    "CreatePortsFromBmc",
    "ValidateInspection",
    "CheckImages",
    "PowerOff",
    "RemoveLeftovers",
    "AddInspectionNetwork",
    "AddInspectionNetwork",
    "AwaitPortsActive",
    "PrepareRamdisk",
    "SetBootDevice",
    "PowerOn",
];
const CLEAN_UP: [&str; 5] =
    ["RestorePower", "RestoreBootDevice", "CleanUpRamdisk", "RemoveInspectionNetwork", "RemoveInspectionNetwork"];

#[test]
fn http_boot_is_asked_of_a_bmc_that_knows_it_and_taken_back_as_it_was_set() {
    for (lacks_device, expected) in [(false, BootDevice::UefiHttp), (true, BootDevice::Pxe)] {
        let mut player = Player::new(Snapshot { boot_device: Some(BootDevice::UefiHttp), ..snapshot() });
        player.lacks_device = lacks_device;
        player.play(Event::Requested);
        player.play(Event::Body(body()));
        let effects: Vec<_> = player.run.journal.entries().map(|entry| entry.effect.clone()).collect();
        assert!(effects.contains(&Effect::SetBootDevice { device: expected, persistent: false }), "{effects:?}");
        let restored = |effect: &Effect| matches!(effect, Effect::RestoreBootDevice { ours, .. } if *ours == expected);
        assert!(effects.iter().any(restored), "{effects:?}");
    }
}

#[test]
fn a_happy_inspection_takes_the_seeds_steps_in_the_seeds_order_and_undoes_them() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    assert_eq!(player.order, UNTIL_WAIT);
    assert_eq!(player.run.phase, Phase::Wait);
    assert_eq!((player.run.reached(), player.run.ports_held()), (Phase::Wait, 2));
    player.order.clear();
    player.play(Event::Body(body()));
    assert_eq!((player.run.reached(), player.run.ports_held()), (Phase::Work, 0));
    assert_eq!(player.order[0], "ProcessBody");
    assert_eq!(player.order[1..], CLEAN_UP);
    assert_eq!((player.run.phase, &player.run.ending), (Phase::Ended, &Some(Ending::Success)));
    let events = [ProvisionEvent::Inspect, ProvisionEvent::Wait, ProvisionEvent::Resume, ProvisionEvent::Done];
    assert_eq!(player.advances(), events);
    assert_eq!(player.last_error(), None);
}

#[test]
fn a_disc_is_in_the_drive_before_the_boot_device_is_set_and_out_when_the_machine_is_off() {
    let mut player = Player::new(Snapshot { virtual_media: true, ..snapshot() });
    player.play(Event::Requested);
    let at = |player: &Player, effect: &str| player.order.iter().position(|name| name == effect).unwrap();
    assert!(at(&player, "PrepareRamdisk") < at(&player, "InsertMedia"));
    assert!(at(&player, "InsertMedia") < at(&player, "SetBootDevice"));
    player.order.clear();
    player.play(Event::Abort);
    assert_eq!(player.order[..4], ["RestorePower", "EjectMedia", "RestoreBootDevice", "CleanUpRamdisk"]);
}

#[test]
fn unsupported_by_an_interface_means_the_old_approach_or_a_refusal() {
    for required in [false, true] {
        let mut player = Player::new(Snapshot { require_managed_boot: required, ..snapshot() });
        player.verdict = Verdict::Unsupported("no boot here".to_owned());
        player.play(Event::Requested);
        if required {
            assert_eq!(player.last_error(), Some("Managed boot is required, but: no boot here"));
            assert_eq!(player.run.phase, Phase::Ended);
            assert!(!player.order.contains(&"PowerOff".to_owned()), "power is not touched");
        } else {
            assert_eq!(player.run.boot_manager, Some(BootManager::Other("no boot here".to_owned())));
            assert_eq!(player.order[3..], ["PowerOff", "SetBootDevice", "PowerOn"]);
        }
    }
}

#[test]
fn s1_any_failing_step_is_followed_by_the_undo_of_all_that_happened() {
    for (index, name) in UNTIL_WAIT.iter().enumerate() {
        for maybe in [false, true] {
            let mut player = Player::new(snapshot());
            player.fails = vec![(name, maybe)];
            player.play(Event::Requested);
            assert!(matches!(player.run.ending, Some(Ending::Failed(_))), "{name}");
            let undone = |effect: &str| player.order.iter().any(|name| name == effect);
            let did = |effect: &str| if *name == effect { maybe } else { UNTIL_WAIT[..index].contains(&effect) };
            assert_eq!(undone("RestorePower"), did("PowerOff") || did("PowerOn"), "{name}");
            assert_eq!(undone("RestoreBootDevice"), did("SetBootDevice"), "{name}");
            assert_eq!(undone("CleanUpRamdisk"), did("PrepareRamdisk"), "{name}");
            assert_eq!(undone("RemoveInspectionNetwork"), did("AddInspectionNetwork"), "{name}");
            assert_eq!(player.advances().last(), Some(&ProvisionEvent::Fail), "{name}");
        }
    }
}

#[test]
fn s1_a_dead_bmc_does_not_keep_a_nic_on_the_inspection_network() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    player.order.clear();
    player.fails = vec![("RestorePower", true), ("RestoreBootDevice", true)];
    player.play(Event::Abort);
    assert_eq!(player.order, CLEAN_UP);
    assert_eq!(player.advances().last(), Some(&ProvisionEvent::Abort));
    assert!(
        player.last_error().unwrap().starts_with("Inspection was aborted by request.; Inspection clean up failed:")
    );
}

#[test]
fn s6_what_is_owed_is_visible_and_retried_until_it_is_paid() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    player.fails = vec![("RestorePower", false)];
    player.play(Event::Body(body()));
    assert_eq!(player.run.phase, Phase::Settle);
    assert_eq!(player.run.debt().len(), 1);
    assert_eq!(player.advances().last(), Some(&ProvisionEvent::Fail), "a success that owes is no success");
    for _ in 0..3 {
        player.now = (player.run.wake_at.unwrap() - at(0)).num_seconds();
        player.play(Event::Deadline { last_sign: None });
    }
    assert_eq!(player.run.debt()[0].tries, 4);
    player.fails.clear();
    player.now = (player.run.wake_at.unwrap() - at(0)).num_seconds();
    player.play(Event::Deadline { last_sign: None });
    assert_eq!((player.run.phase, player.run.wake_at), (Phase::Ended, None));
}

#[test]
fn s6_a_timeout_names_the_last_sign_of_life() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    player.now = 1799;
    player.play(Event::Deadline { last_sign: None });
    assert_eq!(player.run.phase, Phase::Wait, "too early");
    player.now = 1800;
    player.play(Event::Deadline { last_sign: Some((Sign::Kernel, 45)) });
    assert!(player.last_error().unwrap().contains("last seen: kernel, 45 s ago"));
    assert_eq!(player.run.phase, Phase::Ended);
}

#[test]
fn s6_an_effect_that_hangs_at_the_deadline_is_given_up_and_what_hangs_in_its_undo_is_owed() {
    let mut run = step(Player::new(snapshot()).run, Event::Requested, at(0), &Figures::default()).run;
    while run.journal.under_way().all(|entry| entry.effect.name() != "PowerOn") {
        let entries: Vec<Entry> = run.journal.under_way().cloned().collect();
        for entry in entries {
            run = step(run, Player::new(snapshot()).answer(&entry), at(1), &Figures::default()).run;
        }
    }
    let deadline = |run: Run, now| step(run, Event::Deadline { last_sign: None }, at(now), &Figures::default()).run;
    let under_way = |run: &Run| run.journal.under_way().map(|entry| entry.effect.name()).collect::<Vec<_>>();
    run = deadline(run, 600);
    assert!(matches!(&run.ending, Some(Ending::TimedOut(text)) if text.ends_with("It was at: power on.")));
    assert_eq!(under_way(&run), ["RestorePower"]);
    run = deadline(run, 630);
    assert_eq!(under_way(&run), CLEAN_UP[1..]);
    run = deadline(run, 660);
    assert_eq!((run.phase, run.concluded_at), (Phase::Settle, Some(at(660))));
    assert_eq!(run.debt().len(), CLEAN_UP.len());
    assert!(run.journal.entries().any(Entry::may_land_late), "the power-on is looked at again");
}

#[test]
fn an_undo_that_is_slow_has_time_unless_the_run_has_timed_out() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    let run = step(player.run, Event::Abort, at(10), &Figures::default()).run;
    let later = step(run, Event::Deadline { last_sign: None }, at(40), &Figures::default());
    assert_eq!(later.run.journal.under_way().count(), 1);
    assert_eq!((later.run.phase, later.run.wake_at), (Phase::Undo, Some(at(70))));
}

#[test]
fn a_new_owner_does_not_go_forward_with_a_run_whose_outcome_is_fixed() {
    let snapshot = Snapshot { kind: RunKind::Power(PowerTarget::On), ..snapshot() };
    let run = step(Player::new(snapshot).run, Event::Requested, at(0), &Figures::default()).run;
    let run = step(run, Event::NodeDeleted, at(1), &Figures::default()).run;
    let out = step(run, Event::Claimed, at(2), &Figures::default());
    assert_eq!((out.start, out.run.phase), (Vec::new(), Phase::Ended));
}

#[test]
fn power_policy_at_the_end_is_carried_out_once() {
    let end = |power_off, disable_power_off, event: Event| {
        let mut player = Player::new(Snapshot { power_off, disable_power_off, ..snapshot() });
        player.play(Event::Requested);
        player.order.clear();
        player.play(event);
        player
            .run
            .journal
            .entries()
            .filter_map(|entry| match entry.effect {
                Effect::RestorePower { to } => Some((to, player.order.iter().position(|name| name == "RestorePower"))),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(end(true, false, Event::Body(body())), [(EndPower::Off, Some(1))]);
    assert_eq!(end(false, false, Event::Body(body())), [], "a success leaves the node on");
    assert_eq!(end(false, false, Event::Abort), [(EndPower::Off, Some(0))], "an abort never does");
    assert_eq!(end(true, true, Event::Abort), [(EndPower::Reboot, Some(4))], "the reboot comes last");
}

#[test]
fn s4_a_new_owner_repeats_what_was_under_way_and_goes_forward() {
    let mut run = Player::new(snapshot()).run;
    let mut order = Vec::new();
    let mut event = Event::Requested;
    // The owner dies over each effect: every one is started, lost, claimed and started again.
    loop {
        let out = step(run, event, at(0), &Figures::default());
        if out.start.is_empty() {
            run = out.run;
            break;
        }
        let claimed = step(out.run, Event::Claimed, at(1), &Figures::default());
        assert_eq!(claimed.start, out.start);
        run = claimed.run;
        let player = Player::new(snapshot());
        let entries: Vec<Entry> = claimed.start.iter().map(|&seq| run.journal.get(seq).unwrap().clone()).collect();
        let (last, others) = entries.split_last().unwrap();
        for entry in others {
            order.push(entry.effect.name());
            run = step(run, player.answer(entry), at(1), &Figures::default()).run;
        }
        order.push(last.effect.name());
        event = player.answer(last);
    }
    assert_eq!(order, UNTIL_WAIT);
    assert_eq!(run.phase, Phase::Wait);
}

#[test]
fn verification_and_power_actions_are_runs_of_one_step() {
    for (kind, order, last) in [
        (RunKind::Verify, "ReadPower", NodeWrite::Advance(ProvisionEvent::Done)),
        (RunKind::Power(PowerTarget::Off), "SetPower", NodeWrite::TargetPower(None)),
    ] {
        let mut player = Player::new(Snapshot { kind, ..snapshot() });
        player.play(Event::Requested);
        assert_eq!((player.order.as_slice(), player.run.phase), (&[order.to_owned()][..], Phase::Ended));
        assert_eq!(player.writes.last(), Some(&last));
        let mut player = Player::new(Snapshot { kind, ..snapshot() });
        player.fails = vec![("ReadPower", false), ("SetPower", false)];
        player.play(Event::Requested);
        assert!(player.last_error().unwrap().contains("refused"));
    }
}
