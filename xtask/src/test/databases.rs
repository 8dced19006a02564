//! The store, and inspections, on real database servers; on SQLite they are tested with the units.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::command;
use crate::lab::{Lab, mariadb, postgresql};
use crate::project::Project;
use crate::setup;

pub const CHECKS: &[Check] = &[
    Check { group: Group::Databases, name: "the store on PostgreSQL", run: on_postgresql },
    Check { group: Group::Databases, name: "the store on MariaDB", run: on_mariadb },
    Check { group: Group::Databases, name: "inspections and two conductors on PostgreSQL", run: flow },
];

/// What the tests read the server's URL from.
const SERVER: &str = "ASSAY_TEST_DATABASE";

fn on_postgresql(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    let data = lab.folder.join(postgresql::NAME);
    postgresql::make(project, &data)?;
    postgresql::start(&lab, &data)?;
    tests(project, &lab, &STORE, postgresql::URL)
}

fn flow(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    let data = lab.folder.join(postgresql::NAME);
    postgresql::make(project, &data)?;
    postgresql::start(&lab, &data)?;
    Ok(tests(project, &lab, &FLOW, postgresql::URL)? + tests(project, &lab, &SEVERAL, postgresql::URL)?)
}

fn on_mariadb(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    mariadb::up(project, &lab, &lab.folder.join("mariadb"))?;
    tests(project, &lab, &STORE, mariadb::URL)
}

fn lab(project: &Project) -> Result<Lab> {
    setup::everything(project)?;
    setup::databases(project)?;
    Lab::up(project, Vec::new())
}

/// Some tests, by cargo's words.
struct Tests {
    name: &'static str,
    cargo: &'static [&'static str],
    /// Most of these wait for a lease to run out.
    at_once: &'static str,
}

const STORE: Tests = Tests { name: "store", cargo: &["--package", "assay-store", "--test", "store"], at_once: "2" };
const FLOW: Tests = Tests { name: "flow", cargo: &["--package", "assay", "--test", "flow"], at_once: "2" };
const SEVERAL: Tests = Tests {
    name: "several",
    cargo: &["--package", "assay", "--test", "several", "--features", "pause-points"],
    at_once: "10",
};

fn tests(project: &Project, lab: &Lab, tests: &Tests, server: &str) -> Result<Counts> {
    let mut build = project.cargo();
    build.args(["test", "--locked", "--no-run"]).args(tests.cargo);
    command::quiet(&mut build, &project.log(&format!("build {} tests", tests.name))?)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root).args(["test", "--locked", "--offline"]).args(tests.cargo);
    test.args(["--", "--test-threads", tests.at_once]).env(SERVER, server);
    cargo::tests(project, &format!("databases {}", tests.name), &mut test, &[])
}
