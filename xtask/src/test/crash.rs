//! kill -9 of the real binary, a full disk under it, and what it has on disk when it answers. The binary is built with its
//! pause points for this alone.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::project::Project;
use crate::setup;

pub const CHECKS: &[Check] = &[Check { group: Group::Crash, name: "kill -9 at every journal state", run: kills }];

fn kills(project: &Project) -> Result<Counts> {
    setup::crash(project)?;
    let mut test = project.cargo();
    test.args(["test", "--package", "assay", "--features", "pause-points", "--test", "crash", "--locked"]);
    cargo::tests(project, "crash", &mut test, &[])
}
