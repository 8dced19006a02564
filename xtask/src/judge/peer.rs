//! The real Ironic: API and conductor in one process, with fake hardware and Redfish.

use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::lab::mariadb;
use crate::project::{Project, read, write};
use crate::setup::python;

/// Where its API is, inside the lab.
pub const API: &str = "http://127.0.0.1:16385";
/// The program in the lab.
pub const NAME: &str = "ironic";

/// Where its tables are.
#[derive(Debug, Clone, Copy)]
pub enum Database {
    /// Good enough for one client.
    Sqlite,
    /// The lab's server, which must run.
    MariaDb,
}

impl Database {
    /// Makes the database, without tables, and gives its URL.
    fn make(self, lab: &Lab, folder: &Path) -> Result<String> {
        match self {
            Self::Sqlite => Ok(format!("sqlite:///{}/ironic.sqlite", folder.display())),
            Self::MariaDb => mariadb::database(lab, NAME).map(|url| url.replacen("mysql", "mysql+pymysql", 1)),
        }
    }
}

/// Starts Ironic with an empty database.
pub fn start(project: &Project, lab: &Lab, database: Database) -> Result<()> {
    let tools = python::ironic(project)?;
    let folder = lab.folder.join(NAME);
    for name in ["tmp", "http", "tftp", "images"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let file = lab.folder.join("ironic.conf");
    // Images are taken from the temporary folder alone, where the benchmark's are.
    let text = read(&project.lab_file("judge/ironic.conf"))?
        .replace("{database}", &database.make(lab, &folder)?)
        .replace("{images}", &env::temp_dir().to_string_lossy())
        .replace("{folder}", &folder.to_string_lossy());
    write(&file, &text)?;
    let mut schema = lab.command(tools.join("bin/ironic-dbsync"));
    command::quiet(schema.arg("--config-file").arg(&file).arg("create_schema"), &project.log("ironic-dbsync")?)?;
    lab.start(NAME, lab.command(tools.join("bin/ironic")).arg("--config-file").arg(&file))?;
    wait_for("Ironic", Duration::from_secs(90), || {
        if !lab.runs(NAME) {
            bail!("Ironic ended:\n{}", command::tail(&lab.log(NAME), 20));
        }
        let listed = command::output(lab.command("curl").args([
            "-sS",
            "--fail",
            "--max-time",
            "10",
            &format!("{API}/v1/nodes"),
        ]));
        Ok(listed.ok().map(drop))
    })
}
