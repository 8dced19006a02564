//! Rules for each source file.

use crate::{files, none, root};

const LINES: usize = 400;
/// Where every Unix machine has files; a checkout elsewhere has a first folder that is its machine's own.
const STANDARD: &[&str] =
    &["bin", "dev", "etc", "lib", "opt", "proc", "run", "sbin", "srv", "sys", "tmp", "usr", "var"];
/// What reads a clock, waits, or touches the outside.
const IMPURE: &[&str] = &[
    "Utc::now",
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "tokio",
    "async fn",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
];

#[test]
fn every_source_file_begins_with_what_it_owns() {
    let silent: Vec<_> =
        files(".rs").into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name).collect();
    none("a file begins with `//!`", &silent);
}

#[test]
fn no_source_file_is_longer_than_a_reader_holds_in_mind() {
    let long =
        files(".rs").into_iter().map(|(name, text)| (name, text.lines().count())).filter(|(_, lines)| *lines > LINES);
    none("a file has at most 400 lines", &long.map(|(name, lines)| format!("{name}: {lines}")).collect::<Vec<_>>());
}

#[test]
fn no_file_names_a_folder_of_the_machine_it_was_written_on() {
    let checkout = root().to_string_lossy().into_owned();
    let first = checkout.split('/').nth(1).unwrap_or_default();
    let mut own = vec![checkout.clone(), format!("/{}/", "home")];
    if !first.is_empty() && !STANDARD.contains(&first) && first != "root" {
        own.push(format!("/{first}/"));
    }
    let mut named = Vec::new();
    for (name, text) in files("").iter().filter(|(name, _)| !name.contains("tests/data/")) {
        named.extend(
            own.iter().filter(|folder| text.contains(folder.as_str())).map(|folder| format!("{name}: {folder}")),
        );
    }
    none("no absolute path of a machine", &named);
}

#[test]
fn the_core_reads_no_clock_waits_for_nothing_and_touches_nothing() {
    let mut impure = Vec::new();
    for (name, text) in files(".rs").iter().filter(|(name, _)| name.starts_with("crates/core/src/") && !of_tests(name))
    {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            impure.extend(
                IMPURE.iter().filter(|word| line.contains(*word)).map(|word| format!("{name}:{}: {word}", number + 1)),
            );
        }
    }
    none("assay-core is pure", &impure);
}

fn of_tests(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    name.contains("/tests/") || file == "testing.rs" || file.trim_end_matches(".rs").ends_with("tests")
}
