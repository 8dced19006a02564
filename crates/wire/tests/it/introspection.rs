//! The introspection API's words, held against recorded answers of ironic-inspector 12.5.0.

use assay_core::run::introspection::{Introspection, IntrospectionState};
use assay_wire::{
    introspection::{
        IntrospectionRefusal, ListQuery, Status, check_version, error, manage_boot, nobody_waits, root, v1,
    },
    query::Arguments,
};
use serde_json::{Value, json};

const BASE: &str = "http://127.0.0.1:15050";

fn answer(sample: &str) -> Value {
    let lines = include_str!("../data/inspector-12.5.0.jsonl").lines();
    let mut samples = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    samples.find(|value| value["sample"] == sample).map(|value| value["response_body"].clone()).unwrap()
}

fn arguments(pairs: &[(&str, &str)]) -> Arguments {
    Arguments(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn documents_and_statuses_are_the_recorded_ones() {
    assert_eq!(root(BASE), answer("118-insp-root"));
    assert_eq!(v1(BASE), answer("119-insp-v1"));
    for (sample, state) in [
        ("135-insp-status-waiting", IntrospectionState::Waiting),
        ("143-insp-status-processing", IntrospectionState::Processing),
        ("144-insp-status-finished", IntrospectionState::Finished),
        ("155-insp-status-aborted", IntrospectionState::Error),
    ] {
        let recorded = answer(sample);
        let time = |key: &str| recorded[key].as_str().map(|text| format!("{text}Z").parse().unwrap());
        let introspection = Introspection {
            state,
            started_at: time("started_at").unwrap(),
            finished_at: time("finished_at"),
            error: recorded["error"].as_str().map(str::to_owned),
        };
        let node = recorded["uuid"].as_str().unwrap().parse().unwrap();
        assert_eq!(json!(Status::of(node, introspection, BASE)), recorded, "{sample}");
    }
}

#[test]
fn refusals_have_the_recorded_words() {
    let refusal = check_version("1.99").unwrap_err();
    assert_eq!(error(&refusal.to_string()), answer("121-insp-bad-microversion-406"));
    let refusal = manage_boot(&mut arguments(&[("manage_boot", "bogus")])).unwrap_err();
    assert_eq!(error(&refusal.to_string()), answer("133-insp-start-manage-boot-bad-400"));
    let macs = ["52", "56", "5a", "5e"].map(|first| format!("{first}:54:00:ee:ee:ee"));
    let text = nobody_waits(&["198.18.9.9".to_owned()], &macs);
    assert_eq!(error(&text), answer("139-insp-continue-unknown-400"));
}

#[test]
fn each_version_of_the_range_is_served_and_no_other() {
    for (asked, served) in [
        ("1.0", true),
        ("1", true),
        ("1.18", true),
        ("latest", true),
        ("Latest", true),
        ("1.19", false),
        ("0.9", false),
        ("2.0", false),
    ] {
        assert_eq!(check_version(asked).is_ok(), served, "{asked}");
    }
    for malformed in ["", "x", "1.x", "1.2.3", "1.-1"] {
        assert!(matches!(check_version(malformed), Err(IntrospectionRefusal::Invalid(_))), "{malformed}");
    }
}

#[test]
fn arguments_are_read_as_the_field_reads_them() {
    for (text, expected) in
        [("1", Some(true)), ("True", Some(true)), ("0", Some(false)), ("No", Some(false)), ("2", None)]
    {
        assert_eq!(manage_boot(&mut arguments(&[("manage_boot", text)])).ok(), expected, "{text}");
    }
    assert!(manage_boot(&mut arguments(&[])).unwrap());
    let list = |pairs: &[(&str, &str)]| ListQuery::take(&mut arguments(pairs), 1000);
    assert_eq!(list(&[("limit", "0"), ("unknown", "x")]).unwrap().limit, 1000);
    assert_eq!(list(&[("limit", "7")]).unwrap().limit, 7);
    let states = list(&[("state", "finished,error")]).unwrap().states;
    assert_eq!(states, [IntrospectionState::Finished, IntrospectionState::Error]);
    for wrong in [("limit", "1001"), ("limit", "-1"), ("limit", "x"), ("marker", "x"), ("state", "done")] {
        assert!(list(&[wrong]).is_err(), "{wrong:?}");
    }
}
