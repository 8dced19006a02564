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
    let mut counts = Counts::default();
    for some in [&FLOW, &SEVERAL, &CRASH] {
        counts += tests(project, &lab, some, postgresql::URL)?;
    }
    Ok(counts)
}

fn on_mariadb(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    mariadb::up(project, &lab)?;
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
    /// For the test binary.
    arguments: &'static [&'static str],
}

const STORE: Tests =
    Tests { name: "store", cargo: &["--package", "assay-store", "--test", "store"], arguments: &["--test-threads=2"] };
const FLOW: Tests =
    Tests { name: "flow", cargo: &["--package", "assay", "--test", "flow"], arguments: &["--test-threads=2"] };
const TWO_CONDUCTORS: &[&str] = &["--package", "assay", "--test", "several", "--features", "pause-points"];
/// Most of these wait for a lease to run out.
const SEVERAL: Tests = Tests { name: "several", cargo: TWO_CONDUCTORS, arguments: &["--test-threads=10"] };
/// What ends the connections of all tests.
const CRASH: Tests = Tests { name: "crash", cargo: TWO_CONDUCTORS, arguments: &["--ignored"] };

fn tests(project: &Project, lab: &Lab, tests: &Tests, server: &str) -> Result<Counts> {
    let mut build = project.cargo();
    build.args(["test", "--locked", "--no-run"]).args(tests.cargo);
    command::quiet(&mut build, &project.log(&format!("build {} tests", tests.name))?)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root).args(["test", "--locked", "--offline"]).args(tests.cargo);
    test.arg("--").args(tests.arguments).env(SERVER, server);
    cargo::tests(project, &format!("databases {}", tests.name), &mut test, &["tests/several"])
}
