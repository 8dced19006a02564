//! A PostgreSQL server in a lab.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::project::Project;

/// The name under which the [lab](Lab::runs) knows it.
pub const NAME: &str = "postgresql";
/// The URL of its superuser, up to the name of a database.
pub const URL: &str = "postgresql://postgres@127.0.0.1:5432";

const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Makes an empty server in the folder `data`.
pub fn make(project: &Project, data: &Path) -> Result<()> {
    command::output(Command::new("install").args(["-d", "-o", "postgres", "-g", "postgres", "-m", "700"]).arg(data))?;
    let mut initdb = as_postgres(Command::new("setpriv"), "initdb");
    initdb.args(["-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8", "-D"]).arg(data);
    command::quiet(&mut initdb, &project.log("initdb")?)
}

/// Starts it, and waits until it answers.
pub fn start(lab: &Lab, data: &Path) -> Result<()> {
    let mut server = as_postgres(lab.command("setpriv"), "postgres");
    server.arg("-D").arg(data);
    // Nothing of a lab has to survive a power cut, and tests wait for every commit. What was committed survives a crash of the
    // server all the same.
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=400",
    ] {
        server.args(["-c", setting]);
    }
    lab.start(NAME, &mut server)?;
    wait_for("PostgreSQL", Duration::from_secs(30), || {
        if !lab.runs(NAME) {
            bail!("PostgreSQL ended:\n{}", command::tail(&lab.log(NAME), 20));
        }
        Ok(command::output(lab.command(program("pg_isready")).args(["-q", "-h", "127.0.0.1"])).ok())
    })
    .map(drop)
}

/// Stops it in good order, so that its folder can be kept.
pub fn stop(data: &Path) -> Result<()> {
    let mut stop = as_postgres(Command::new("setpriv"), "pg_ctl");
    command::output(stop.args(["stop", "-m", "fast", "-w", "-D"]).arg(data)).map(drop)
}

/// One of its programs.
pub fn program(name: &str) -> PathBuf {
    Path::new(PROGRAMS).join(name)
}

/// PostgreSQL refuses to run as root.
fn as_postgres(mut setpriv: Command, name: &str) -> Command {
    setpriv.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program(name)).current_dir("/");
    setpriv
}
