//! Which steps may be stored together with what follows.

use super::*;

#[test]
fn s1_what_leaves_something_begins_only_after_its_step_is_stored() {
    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    assert_eq!(player.run.phase, Phase::Wait);
    assert_eq!(player.unstored, ["CreatePortsFromBmc", "ValidateInspection", "CheckImages"]);
    player.unstored.clear();
    player.play(Event::Body(body()));
    assert_eq!(player.run.phase, Phase::Ended);
    let undone = ["RestoreBootDevice", "CleanUpRamdisk", "RemoveInspectionNetwork", "RemoveInspectionNetwork"];
    assert_eq!(player.unstored, [&["ProcessBody"], &undone[..]].concat());
}

#[test]
fn s5_a_new_owner_a_failure_and_an_end_are_stored_at_once() {
    let requested = step(Player::new(snapshot()).run, Event::Requested, at(0), &Figures::default());
    let seq = requested.start[0];
    let failed = Event::Failed { seq, error: "no answer".to_owned(), maybe_happened: false };
    for event in [Event::Claimed, failed, Event::NodeDeleted, Event::Deadline { last_sign: None }] {
        let out = step(requested.run.clone(), event.clone(), at(1), &Figures::default());
        assert!(!out.can_be_stored_later(Phase::Start, &event), "{event:?}");
    }
    let mut player = Player::new(Snapshot { kind: RunKind::Verify, ..snapshot() });
    player.play(Event::Requested);
    assert_eq!((player.run.phase, player.unstored.len()), (Phase::Ended, 0));
}
