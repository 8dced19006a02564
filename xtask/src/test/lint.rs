//! Format, clippy, documentation, and the rules that are tests of this crate (`xtask/tests/tidy`).

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::project::Project;

pub const CHECKS: &[Check] = &[
    Check { group: Group::Lint, name: "format", run: format },
    Check { group: Group::Lint, name: "clippy", run: clippy },
    Check { group: Group::Lint, name: "documentation", run: documentation },
    Check { group: Group::Lint, name: "tidy", run: tidy },
];

fn format(project: &Project) -> Result<Counts> {
    cargo::succeeds(project, "format", project.cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(project: &Project) -> Result<Counts> {
    let mut clippy = project.cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"]);
    cargo::succeeds(project, "clippy", &mut clippy)
}

fn documentation(project: &Project) -> Result<Counts> {
    let mut doc = project.cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings");
    cargo::succeeds(project, "documentation", &mut doc)
}

fn tidy(project: &Project) -> Result<Counts> {
    cargo::tests(project, "tidy", project.cargo().args(["test", "--package", "xtask", "--locked"]), &[])
}
