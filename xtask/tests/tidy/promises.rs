//! SPECIFICATION.md: each promise names tests that exist, or says that they are pending, and each test
//! that carries a promise's number is named there.

use std::collections::BTreeSet;

use crate::{files, none};

const PROMISES: usize = 13;

#[test]
fn every_promise_names_its_tests_or_is_marked_pending() {
    let tests = test_names();
    let mut broken = Vec::new();
    for (number, section) in sections().iter().enumerate().map(|(index, section)| (index + 1, section)) {
        let named = named_tests(section);
        broken.extend(
            named
                .iter()
                .filter(|name| !tests.contains(**name))
                .map(|name| format!("S{number} names {name}, which is no test")),
        );
        if named.is_empty() && !section.contains("pending") {
            broken.push(format!("S{number} names no test and is not marked pending"));
        }
    }
    none("SPECIFICATION.md", &broken);
}

#[test]
fn every_test_of_a_promise_is_named_under_it() {
    let sections = sections();
    let is_named = |name: &&String| {
        let section = promise_of(name).and_then(|number| sections.get(number - 1));
        section.is_some_and(|section| named_tests(section).contains(&name.as_str()))
    };
    let unnamed: Vec<String> = test_names().iter().filter(|name| !is_named(name)).cloned().collect();
    none("SPECIFICATION.md", &unnamed);
}

/// The text under the heading of each promise, S1 first.
fn sections() -> Vec<String> {
    let (_, text) = files("SPECIFICATION.md").pop().expect("there is a SPECIFICATION.md");
    let found: Vec<String> = (1..=PROMISES).filter_map(|number| section(&text, number)).collect();
    assert_eq!(found.len(), PROMISES, "SPECIFICATION.md has a heading for each of S1 to S{PROMISES}");
    found
}

fn section(text: &str, number: usize) -> Option<String> {
    let heading = |line: &str, number: usize| {
        let title = line.trim_start_matches('#').trim_start();
        line.starts_with('#')
            && title
                .strip_prefix(&format!("S{number}"))
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
    };
    let body: Vec<&str> = text.lines().skip_while(|line| !heading(line, number)).collect();
    let own = body.iter().skip(1).take_while(|line| !line.starts_with('#'));
    (!body.is_empty()).then(|| own.copied().collect::<Vec<_>>().join("\n"))
}

/// What stands in backquotes and looks like a test of a promise.
fn named_tests(section: &str) -> Vec<&str> {
    section
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .filter(|name| promise_of(name).is_some())
        .collect()
}

/// The functions that carry a promise's number in their name and are tests.
fn test_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in files(".rs") {
        for line in text.lines().map(str::trim_start) {
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            let name = function.and_then(|rest| rest.split(['(', '<']).next());
            names.extend(name.filter(|name| promise_of(name).is_some()).map(str::to_owned));
        }
    }
    names
}

/// The number in `s<number>_…`, when there is such a promise.
fn promise_of(name: &str) -> Option<usize> {
    let (number, _) = name.strip_prefix('s')?.split_once('_')?;
    number.parse().ok().filter(|number| (1..=PROMISES).contains(number))
}
