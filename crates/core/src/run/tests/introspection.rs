//! Introspections that have nothing to do with the provision state, and runs as the introspection API shows them.

use super::{
    super::introspection::{Introspection, IntrospectionState},
    *,
};

#[test]
fn an_introspection_of_its_own_touches_neither_network_nor_provision_state() {
    for (manage_boot, effects) in [
        (true, &["ReadPower", "StartIntrospection", "SetBootDevice", "PowerOn"][..]),
        (false, &["ReadPower", "StartIntrospection"]),
    ] {
        let kind = RunKind::Introspect { manage_boot };
        let mut player = Player::new(Snapshot { kind, service: Service::BuiltIn, ..snapshot() });
        player.play(Event::Requested);
        assert_eq!(player.order, effects);
        assert_eq!(Introspection::from(&player.run).state, IntrospectionState::Waiting);
        assert!(player.run.accepts_plain_body());
        player.now = 7;
        player.play(Event::Restart { manage_boot });
        assert_eq!(player.order[effects.len()..], *effects);
        assert_eq!(Introspection::from(&player.run).started_at, at(7));
        player.order.clear();
        player.play(Event::Body(body()));
        let put_back: &[&str] = if manage_boot { &["RestorePower", "RestoreBootDevice"] } else { &[] };
        assert_eq!(player.order[0], "ProcessBody");
        assert_eq!(player.order[1..], *put_back);
        assert_eq!(Introspection::from(&player.run).state, IntrospectionState::Finished);
        assert_eq!(player.advances(), []);
        assert!(player.writes.iter().all(|write| matches!(write, NodeWrite::Power(_))), "{:?}", player.writes);
    }
}

#[test]
fn a_run_is_shown_as_an_introspection_in_the_words_of_the_field() {
    let shown = |player: &Player| Introspection::from(&player.run);
    let mut player = Player::new(snapshot());
    assert_eq!(shown(&player).state, IntrospectionState::Starting);
    player.play(Event::Requested);
    assert_eq!(shown(&player).state, IntrospectionState::Waiting);
    player.play(Event::Abort);
    assert_eq!(
        (shown(&player).state, shown(&player).error),
        (IntrospectionState::Error, Some("Canceled by operator".into()))
    );
    assert_eq!(shown(&player).finished_at, Some(at(0)));

    let mut player = Player::new(snapshot());
    player.play(Event::Requested);
    player.now = 1800;
    player.play(Event::Deadline { last_sign: None });
    assert!(shown(&player).error.unwrap().starts_with("Introspection timeout: Timeout reached"));

    let mut player = Player::new(snapshot());
    player.fails.push(("ProcessBody", false));
    player.play(Event::Requested);
    player.play(Event::Body(body()));
    assert_eq!(shown(&player).error.unwrap(), "Failed to finish inspection: ProcessBody refused");
}
