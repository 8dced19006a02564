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

#[test]
fn an_external_service_is_told_before_power_on_and_its_data_are_fetched_before_anything_is_undone() {
    let mut player = Player::new(Snapshot { service: Service::External, ..snapshot() });
    player.play(Event::Requested);
    assert_eq!(player.order[UNTIL_WAIT.len() - 1..], ["StartIntrospection", "PowerOn"]);
    assert!(player.run.waits_for_service() && !player.run.accepts_body());
    player.order.clear();
    player.play(Event::InspectorSays { error: None });
    assert_eq!(player.order[0], "FetchData");
    assert_eq!(player.order[1..], CLEAN_UP);
    assert_eq!(player.run.ending, Some(Ending::Success));
}

#[test]
fn an_external_service_that_boots_the_node_is_told_when_the_run_waits() {
    let unmanaged = || {
        let mut player =
            Player::new(Snapshot { service: Service::External, require_managed_boot: false, ..snapshot() });
        player.verdict = Verdict::Unsupported("no ports".to_owned());
        player
    };
    let mut player = unmanaged();
    player.play(Event::Requested);
    assert_eq!(player.order, ["ReadPower", "CreatePortsFromBmc", "ValidateInspection", "StartIntrospection"]);
    let told = player.run.journal.entries().last().unwrap();
    assert_eq!((&told.effect, player.run.phase), (&Effect::StartIntrospection { manage_boot: true }, Phase::Wait));
    assert!(player.writes.contains(&NodeWrite::History("unmanaged: no ports".to_owned())));
    player.order.clear();
    player.play(Event::InspectorSays { error: None });
    assert_eq!(player.order, ["FetchData"], "power and networks are the service's own");

    let mut player = unmanaged();
    player.fails.push(("StartIntrospection", false));
    player.play(Event::Requested);
    assert_eq!(player.last_error(), Some("Failed to start inspection: StartIntrospection refused"));
    assert_eq!(player.advances().last(), Some(&ProvisionEvent::Fail));
}

#[test]
fn what_an_external_service_does_not_end_itself_is_aborted_there() {
    let mut player = Player::new(Snapshot { service: Service::External, ..snapshot() });
    player.play(Event::Requested);
    player.order.clear();
    player.play(Event::InspectorSays { error: Some("no disk".to_owned()) });
    assert_eq!(player.order, CLEAN_UP);
    assert_eq!(player.last_error(), Some("ironic-inspector inspection failed: no disk"));

    for event in [Event::Abort, Event::Deadline { last_sign: None }] {
        let mut player = Player::new(Snapshot { service: Service::External, ..snapshot() });
        player.play(Event::Requested);
        player.order.clear();
        player.now = 1800;
        player.play(event);
        assert_eq!(player.order[0], "AbortIntrospection");
        assert_eq!(player.order[1..], CLEAN_UP);
    }
}

#[test]
fn the_built_in_service_is_started_inside_the_claim_and_takes_the_body() {
    let mut player = Player::new(Snapshot { service: Service::BuiltIn, ..snapshot() });
    player.play(Event::Requested);
    assert_eq!(player.order[UNTIL_WAIT.len() - 1..], ["StartIntrospection", "PowerOn"]);
    assert!(player.run.accepts_body() && !player.run.accepts_plain_body());
    player.order.clear();
    player.play(Event::Body(body()));
    assert_eq!(player.order[0], "ProcessBody");
}
