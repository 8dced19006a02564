//! PostgreSQL with the databases of Keystone and Neutron.
//!
//! Their tables, users and catalog are the same in every lab and take half a minute to make: they are made once, in the first lab,
//! and kept in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Result, bail};

use super::super::postgresql;
use super::settings::{self, Place};
use super::{IDENTITY, PASSWORD, REGION, identity, part, services};
use crate::command;
use crate::lab::Lab;
use crate::project::{Project, read};
use crate::setup::python;
use crate::stamp;

/// What of a place is kept: data, keys, and what `identity` wrote down.
const KEPT: &[&str] = &["postgresql", "keys", identity::FILE];

/// Starts the database server with everything in it that does not depend on the lab.
pub fn up(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let kept = project.cache.join("neutron-databases");
    let mut made_here = false;
    stamp::build_once("databases of Keystone and Neutron", &kept, &inputs(project)?, || {
        made_here = true;
        make(project, lab, place)?;
        fs::create_dir_all(&kept)?;
        KEPT.iter().try_for_each(|name| copy(&place.folder.join(name), &kept))
    })?;
    if !made_here {
        KEPT.iter().try_for_each(|name| {
            stamp::remove(&place.folder.join(name))?;
            copy(&kept.join(name), &place.folder)
        })?;
    }
    postgresql::start(lab, &data(place))
}

fn inputs(project: &Project) -> Result<String> {
    let versions = read(&python::list_file(project, "neutron"))?;
    let schema = read(&project.lab_file("neutron/create_schema.py"))?;
    Ok([identity::CONTENT.to_owned(), versions, schema].join("\n"))
}

fn make(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let data = data(place);
    postgresql::make(project, &data)?;
    postgresql::start(lab, &data)?;
    settings::keystone_keys(place)?;
    for name in ["keystone", "neutron"] {
        command::output(lab.command(postgresql::program("createdb")).args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            name,
        ]))?;
    }
    thread::scope(|scope| {
        let keystone = scope.spawn(|| keystone(project, lab, place));
        neutron(project, lab, place)?;
        keystone.join().unwrap_or_else(|_| bail!("the thread of Keystone's tables died"))
    })?;
    services::keystone(lab, place)?;
    identity::make(lab, place)?;
    lab.stop(part::KEYSTONE);
    postgresql::stop(&data)
}

fn keystone(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let log = project.log("keystone tables")?;
    let manage = |words: &[&str]| {
        let mut manage = place.program(lab, "keystone-manage");
        command::quiet(manage.arg("--config-dir").arg(place.file("keystone")).args(words), &log)
    };
    manage(&["db_sync"])?;
    let mut words = vec!["bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", REGION];
    for interface in ["--bootstrap-public-url", "--bootstrap-internal-url", "--bootstrap-admin-url"] {
        words.extend([interface, IDENTITY]);
    }
    manage(&words)
}

fn neutron(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let mut schema = place.program(lab, "python");
    schema
        .arg(project.lab_file("neutron/create_schema.py"))
        .arg("postgresql+psycopg2://postgres@127.0.0.1/neutron")
        .arg(place.file("neutron.conf"));
    command::quiet(&mut schema, &project.log("neutron tables")?)
}

fn data(place: &Place) -> PathBuf {
    place.folder.join("postgresql")
}

fn copy(what: &Path, folder: &Path) -> Result<()> {
    command::output(Command::new("cp").args(["-a", "--reflink=auto"]).arg(what).arg(folder)).map(drop)
}
