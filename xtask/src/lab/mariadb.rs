//! A MariaDB server in a lab.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command;
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::project::Project;

/// The URL of a user who may do everything, up to the name of a database. The password has a character that a URL escapes.
pub const URL: &str = "mysql://assay:p%40ss@127.0.0.1:3306";

const NAME: &str = "mariadb";
const SOCKET: &str = "socket";
const USER: &str = "CREATE USER assay@'127.0.0.1' IDENTIFIED BY 'p@ss'; GRANT ALL ON *.* TO assay@'127.0.0.1'";

/// Makes an empty server, and starts it.
pub fn up(project: &Project, lab: &Lab) -> Result<()> {
    let data = data(lab);
    command::output(Command::new("install").args(["-d", "-o", "mysql", "-g", "mysql", "-m", "700"]).arg(&data))?;
    let mut make = Command::new("mariadb-install-db");
    make.args(["--no-defaults", "--user=mysql", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    command::quiet(make.arg(format!("--datadir={}", data.display())), &project.log("mariadb-install-db")?)?;
    let socket = data.join(SOCKET);
    let mut server = lab.command("mariadbd");
    server
        .args(["--no-defaults", "--user=mysql", "--bind-address=127.0.0.1", "--skip-name-resolve"])
        // Nothing of a lab has to survive a power cut, and tests wait for every commit.
        .args(["--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=32M", "--max-connections=1000"])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", socket.display()));
    lab.start(NAME, &mut server)?;
    wait_for("MariaDB", Duration::from_secs(30), || {
        if !lab.runs(NAME) {
            bail!("MariaDB ended:\n{}", command::tail(&lab.log(NAME), 20));
        }
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", "-e", USER]).arg(format!("--socket={}", socket.display()));
        Ok(command::output(&mut client).ok())
    })
    .map(drop)
}

/// Makes a database on the lab's server, and gives its URL.
pub fn database(lab: &Lab, name: &str) -> Result<String> {
    let mut client = Command::new("mariadb");
    client.args(["--no-defaults", "--user=root", "-e", &format!("CREATE DATABASE {name}")]);
    command::output(client.arg(format!("--socket={}", data(lab).join(SOCKET).display())))?;
    Ok(format!("{URL}/{name}"))
}

fn data(lab: &Lab) -> PathBuf {
    lab.folder.join(NAME)
}
