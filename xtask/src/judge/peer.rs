//! The real Ironic: API and conductor in one process, on SQLite, with fake hardware.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::project::{Project, read, write};
use crate::setup::python;

/// Where its API is, inside the lab.
pub const API: &str = "http://127.0.0.1:16385";
const NAME: &str = "ironic";

/// Starts Ironic with an empty database.
pub fn start(project: &Project, lab: &Lab) -> Result<()> {
    let tools = python::ironic(project)?;
    let folder = lab.folder.join(NAME);
    for name in ["tmp", "http", "tftp", "images"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let file = lab.folder.join("ironic.conf");
    write(&file, &read(&project.lab_file("judge/ironic.conf"))?.replace("{folder}", &folder.to_string_lossy()))?;
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
