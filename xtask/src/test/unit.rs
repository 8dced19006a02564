//! The tests that need nothing but cargo.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::project::Project;

pub const CHECKS: &[Check] = &[Check { group: Group::Unit, name: "all crates", run: crates }];

/// Tests that are marked `#[ignore]` because they need a real part: the group that sets it up runs them.
const ELSEWHERE: &[&str] = &super::bmc::TESTS;

fn crates(project: &Project) -> Result<Counts> {
    let mut test = project.cargo();
    test.args(["test", "--workspace", "--exclude", "xtask", "--locked", "--no-fail-fast"]);
    cargo::tests(project, "unit", &mut test, ELSEWHERE)
}
