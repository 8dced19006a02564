//! PostgreSQL with the databases of Keystone and Neutron.
//!
//! Their tables, users and catalog are the same in every lab and take half a minute to make: they are made once, in the first lab,
//! and kept in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use super::settings::{self, Place};
use super::{IDENTITY, PASSWORD, REGION, identity, part, services};
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::project::{Project, read};
use crate::setup::python;
use crate::stamp;

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
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
    start(lab, place)
}

fn inputs(project: &Project) -> Result<String> {
    let versions = read(&python::list_file(project, "neutron"))?;
    let schema = read(&project.lab_file("neutron/create_schema.py"))?;
    Ok([identity::CONTENT.to_owned(), versions, schema].join("\n"))
}

fn make(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let data = data(place);
    command::output(Command::new("install").args(["-d", "-o", "postgres", "-g", "postgres", "-m", "700"]).arg(&data))?;
    let mut initdb = as_postgres(Command::new("setpriv"), "initdb");
    initdb.args(["-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8", "-D"]).arg(&data);
    command::quiet(&mut initdb, &project.log("initdb")?)?;
    start(lab, place)?;
    settings::keystone_keys(place)?;
    for name in ["keystone", "neutron"] {
        command::output(lab.command(program("createdb")).args(["-h", "127.0.0.1", "-U", "postgres", name]))?;
    }
    thread::scope(|scope| {
        let keystone = scope.spawn(|| keystone(project, lab, place));
        neutron(project, lab, place)?;
        keystone.join().unwrap_or_else(|_| bail!("the thread of Keystone's tables died"))
    })?;
    services::keystone(lab, place)?;
    identity::make(lab, place)?;
    lab.stop(part::KEYSTONE);
    let mut stop = as_postgres(Command::new("setpriv"), "pg_ctl");
    command::output(stop.args(["stop", "-m", "fast", "-w", "-D"]).arg(&data)).map(drop)
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

fn start(lab: &Lab, place: &Place) -> Result<()> {
    let mut server = as_postgres(lab.command("setpriv"), "postgres");
    server.arg("-D").arg(data(place));
    // Nothing of a lab has to survive a power cut, and tests wait for every commit.
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=200",
    ] {
        server.args(["-c", setting]);
    }
    lab.start(part::POSTGRESQL, &mut server)?;
    wait_for("PostgreSQL", Duration::from_secs(30), || {
        if !lab.runs(part::POSTGRESQL) {
            bail!("PostgreSQL ended:\n{}", command::tail(&lab.log(part::POSTGRESQL), 20));
        }
        Ok(command::output(lab.command(program("pg_isready")).args(["-q", "-h", "127.0.0.1"])).ok())
    })
    .map(drop)
}

/// PostgreSQL refuses to run as root.
fn as_postgres(mut setpriv: Command, name: &str) -> Command {
    setpriv.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program(name)).current_dir("/");
    setpriv
}

fn program(name: &str) -> PathBuf {
    Path::new(PROGRAMS).join(name)
}

fn data(place: &Place) -> PathBuf {
    place.folder.join("postgresql")
}

fn copy(what: &Path, folder: &Path) -> Result<()> {
    command::output(Command::new("cp").args(["-a", "--reflink=auto"]).arg(what).arg(folder)).map(drop)
}
