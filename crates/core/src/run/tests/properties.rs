//! The engine under random events: duplicates, late ones, any order.

use proptest::prelude::*;

use super::*;

fn random_event() -> impl Strategy<Value = (u8, usize, bool)> {
    (0..8u8, 0..24usize, any::<bool>())
}

/// How many; `cargo xtask soak steps` asks for more.
fn cases() -> u32 {
    std::env::var("ASSAY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Whatever comes, in whatever order and however often: the machine's rules are kept, and
    /// once the world answers again the run ends and owes nothing.
    #[test]
    fn s1_random_duplicate_and_late_events_end_clean(
        events in prop::collection::vec(random_event(), 0..60),
        boot_retry in proptest::option::of(Just(300)),
    ) {
        let mut player = Player::new(Snapshot { boot_retry, ..snapshot() });
        player.play(Event::Requested);
        for (kind, index, flag) in events {
            player.now += 7;
            let seq = Seq(index);
            let event = match kind {
                0 => Event::Done { seq, receipt: Receipt::Done },
                1 => Event::Failed { seq, error: "late".to_owned(), maybe_happened: flag },
                2 => Event::Body(body()),
                3 => Event::Abort,
                4 => { player.now += if flag { 2000 } else { 400 }; Event::Deadline { last_sign: None } }
                5 => Event::Claimed,
                6 => { player.fails = if flag { vec![("RestorePower", true)] } else { Vec::new() }; continue }
                _ => Event::NodeDeleted,
            };
            let ending = player.run.ending.clone();
            player.play(event);
            prop_assert!(ending.is_none() || ending == player.run.ending, "the outcome is fixed");
        }
        player.fails.clear();
        if player.run.phase == Phase::Wait {
            player.play(Event::Abort);
        }
        for _ in 0..4 {
            player.now += Duration::from_secs(4000).as_secs() as i64;
            player.play(Event::Deadline { last_sign: None });
        }
        prop_assert_eq!(player.run.phase, Phase::Ended);
        for effect in crate::run::undo::needed(&player.run) {
            let done = player.run.journal.entries().any(|entry| entry.effect == effect && entry.is_done());
            prop_assert!(done, "{:?} was never undone", effect);
        }
    }
}
