//! The store on real database servers; on SQLite it is tested with the units.

use anyhow::Result;

use super::{Check, Counts, Group, cargo};
use crate::command;
use crate::lab::{Lab, mariadb, postgresql};
use crate::project::Project;
use crate::setup;

pub const CHECKS: &[Check] = &[
    Check { group: Group::Databases, name: "the store on PostgreSQL", run: on_postgresql },
    Check { group: Group::Databases, name: "the store on MariaDB", run: on_mariadb },
];

/// What the tests read the server's URL from.
const SERVER: &str = "ASSAY_TEST_DATABASE";

fn on_postgresql(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    let data = lab.folder.join(postgresql::NAME);
    postgresql::make(project, &data)?;
    postgresql::start(&lab, &data)?;
    store(project, &lab, postgresql::URL)
}

fn on_mariadb(project: &Project) -> Result<Counts> {
    let lab = lab(project)?;
    mariadb::up(project, &lab, &lab.folder.join("mariadb"))?;
    store(project, &lab, mariadb::URL)
}

fn lab(project: &Project) -> Result<Lab> {
    setup::everything(project)?;
    setup::databases(project)?;
    Lab::up(project, Vec::new())
}

fn store(project: &Project, lab: &Lab, server: &str) -> Result<Counts> {
    const TEST: [&str; 6] = ["test", "--package", "assay-store", "--test", "store", "--locked"];
    let mut build = project.cargo();
    command::quiet(build.args(TEST).arg("--no-run"), &project.log("build store tests")?)?;
    let mut test = lab.command(project.cargo().get_program());
    test.current_dir(&project.root).args(TEST).arg("--offline").env(SERVER, server);
    cargo::tests(project, "databases", &mut test, &[])
}
