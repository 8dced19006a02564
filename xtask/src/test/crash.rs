//! kill -9 of the real binary, which is built with its pause points for this alone.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::project::Project;

pub const CHECKS: &[Check] = &[Check { group: Group::Crash, name: "kill -9 at every journal state", run: kills }];

fn kills(project: &Project) -> Result<Counts> {
    let mut test = project.cargo();
    test.args(["test", "--package", "assay", "--features", "pause-points", "--test", "crash", "--locked"]);
    cargo::tests(project, "crash", &mut test, &[])
}
