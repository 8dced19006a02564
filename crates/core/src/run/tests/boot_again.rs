//! Machines that show no sign of life.

use super::*;
use crate::boot::sign::Sign;

fn waiting() -> Player {
    let mut player = Player::new(Snapshot { boot_retry: Some(300), ..snapshot() });
    player.play(Event::Requested);
    assert_eq!((player.run.phase, player.run.wake_at), (Phase::Wait, Some(at(300))));
    player.order.clear();
    player
}

fn deadline(player: &mut Player, now: i64, last_sign: Option<(Sign, u64)>) {
    player.now = now;
    player.play(Event::Deadline { last_sign });
}

#[test]
fn a_machine_without_a_sign_of_life_is_booted_again_until_the_wait_is_over() {
    let mut player = waiting();
    for times in 1..6 {
        deadline(&mut player, times * 300, None);
        assert_eq!(player.order, ["PowerOff", "SetBootDevice", "PowerOn"], "{times}");
        assert_eq!(player.run.phase, Phase::Wait);
        player.order.clear();
    }
    assert_eq!(player.run.wake_at, Some(at(1800)), "the wait is no longer for it");
    deadline(&mut player, 1800, None);
    assert!(matches!(player.run.ending, Some(Ending::TimedOut(_))), "{:?}", player.run.ending);
    let restored = player.order.iter().filter(|name| *name == "RestorePower" || *name == "RestoreBootDevice").count();
    assert_eq!(restored, 2, "each is put back once: {:?}", player.order);
}

#[test]
fn a_machine_that_has_shown_a_sign_of_life_is_left_to_its_ramdisk() {
    let mut player = waiting();
    deadline(&mut player, 300, Some((Sign::Kernel, 20)));
    assert_eq!((player.run.phase, player.run.wake_at), (Phase::Wait, Some(at(1800))));
    assert!(player.order.is_empty(), "{:?}", player.order);
}

#[test]
fn a_post_after_a_second_boot_ends_the_inspection_as_any_other() {
    let mut player = waiting();
    deadline(&mut player, 300, None);
    player.play(Event::Body(body()));
    assert_eq!(player.run.ending, Some(Ending::Success));
    assert_eq!(player.order.iter().filter(|name| *name == "ProcessBody").count(), 1);
}

#[test]
fn a_wait_that_is_over_in_the_middle_of_another_boot_is_told_as_the_wait_that_it_was() {
    let booting = step(waiting().run, Event::Deadline { last_sign: None }, at(1700), &Figures::default());
    assert_eq!((booting.run.phase, booting.run.wake_at), (Phase::Start, Some(at(1800))));
    let over = step(booting.run, Event::Deadline { last_sign: None }, at(1800), &Figures::default());
    let Some(Ending::TimedOut(text)) = over.run.ending else { panic!("{:?}", over.run.ending) };
    assert!(text.starts_with("Timeout reached while inspecting the node."), "{text}");
}
