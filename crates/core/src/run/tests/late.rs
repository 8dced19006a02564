//! What may land after a run's end, and what clients do meanwhile.

use super::*;

#[test]
fn s5_a_run_whose_requests_may_land_late_is_looked_at_again() {
    let mut player = Player::new(snapshot());
    player.fails = vec![("PowerOn", true)];
    player.play(Event::Requested);
    assert_eq!(player.run.phase, Phase::Settle);
    assert_eq!(player.run.wake_at, Some(at(35)));
    player.order.clear();
    player.now = 35;
    player.play(Event::Deadline { last_sign: None });
    assert_eq!(player.order, ["RestorePower"], "what did not land late is not touched again");
    assert_eq!(player.run.phase, Phase::Ended);
}

#[test]
fn only_what_a_client_did_after_the_end_and_with_success_takes_an_undos_place() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    player.now = 10;
    player.play(Event::Abort);
    let power = Effect::RestorePower { to: EndPower::Off };
    let boot =
        Effect::RestoreBootDevice { ours: BootDevice::Pxe, former: BootOverride { device: None, persistent: false } };
    let later = |kind, created, ending: Option<Ending>| Run {
        ending,
        ..Run::new(RunId(Uuid::from_u128(5)), player.run.node, Snapshot { kind, ..snapshot() }, at(created))
    };
    let on = RunKind::Power(PowerTarget::On);
    let device = RunKind::BootDevice { device: BootDevice::Disk, persistent: true };
    let overtaken = |effect: &Effect, later: &Run| undo::is_overtaken(&player.run, effect, later);
    assert!(overtaken(&power, &later(on, 11, Some(Ending::Success))));
    assert!(overtaken(&boot, &later(device, 11, Some(Ending::Success))));
    assert!(!overtaken(&power, &later(on, 9, Some(Ending::Success))), "while the ramdisk was waited for");
    assert!(!overtaken(&power, &later(on, 11, Some(Ending::Failed(String::new())))));
    assert!(!overtaken(&power, &later(on, 11, None)));
    assert!(!overtaken(&power, &later(device, 11, Some(Ending::Success))));
    assert!(!overtaken(&Effect::CleanUpRamdisk, &later(on, 11, Some(Ending::Success))));
}

#[test]
fn s1_a_repetition_that_is_refused_does_not_tell_that_the_first_try_never_lands() {
    let mut player = Player::new(snapshot());
    let (figures, mut events) = (Figures::default(), vec![Event::Requested]);
    while let Some(event) = events.pop() {
        let out = step(player.run.clone(), event, at(0), &figures);
        player.run = out.run;
        let started = out.start.iter().filter_map(|seq| player.run.journal.get(*seq));
        let started: Vec<Entry> = started.filter(|it| it.effect.name() != "AddInspectionNetwork").cloned().collect();
        events.extend(started.iter().map(|entry| player.answer(entry)));
    }
    player.fails.push(("AddInspectionNetwork", false));
    player.play(Event::Claimed);
    assert!(player.order.iter().any(|name| name == "RemoveInspectionNetwork"), "{:?}", player.order);
    assert_eq!(player.run.phase, Phase::Settle, "it is looked at again");
}
