//! A database server for the binary, where a test is to run on one: `cargo xtask test databases` starts it.

use anyhow::{Context as _, ensure};
use tokio::process::Command;
use uuid::Uuid;

/// Names a PostgreSQL server by its URL, up to the name of a database.
const SERVER: &str = "ASSAY_TEST_DATABASE";

/// How psql ends when the server has gone.
const CONNECTION_LOST: i32 = 2;

/// Makes an empty database on the server, and returns its URL for `[database] connection`.
///
/// # Errors
/// No server is named; it does not make one.
pub async fn server_database() -> anyhow::Result<String> {
    let server = server()?;
    let name = format!("assay_{}", Uuid::new_v4().simple());
    let made = Command::new("psql")
        .args(["-q", "-v", "ON_ERROR_STOP=1", "-c", &format!("CREATE DATABASE {name}")])
        .arg(format!("{server}/postgres"))
        .output()
        .await
        .context("psql can't be started")?;
    ensure!(made.status.success(), "no database: {}", String::from_utf8_lossy(&made.stderr));
    Ok(format!("{server}/{name}"))
}

/// Makes the server crash: one of its processes is killed with -9, upon which it ends all others and recovers its databases.
///
/// # Errors
/// No server is named; it goes on.
pub async fn crash_database_server() -> anyhow::Result<()> {
    let server = server()?;
    let asked = Command::new("psql")
        .args(["-q", "-c", "COPY (SELECT 1) TO PROGRAM 'kill -KILL $PPID'"])
        .arg(format!("{server}/postgres"))
        .output()
        .await
        .context("psql can't be started")?;
    let said = String::from_utf8_lossy(&asked.stderr);
    ensure!(asked.status.code() == Some(CONNECTION_LOST), "the server has not crashed: {said}");
    Ok(())
}

fn server() -> anyhow::Result<String> {
    std::env::var(SERVER)
        .with_context(|| format!("{SERVER} names no PostgreSQL server: run `cargo xtask test databases`"))
}

/// An empty database as by [`server_database`] where a server is named; otherwise the binary makes an SQLite file of its own.
pub(super) async fn database_if_named() -> anyhow::Result<Option<String>> {
    if std::env::var_os(SERVER).is_none() {
        return Ok(None);
    }
    server_database().await.map(Some)
}
