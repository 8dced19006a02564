//! One run of ipmitool.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::OsStringExt as _,
    path::Path,
    process::{Output, Stdio},
};

use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::{Instant, timeout_at},
};

use super::{
    failure::Failure,
    info::{DriverInfo, kg_bytes},
};

/// One packet for each of the six exchanges of a command, and five seconds for its answer: an ipmitool whose conductor has died
/// has sent its last packet after 30 s, before anybody looks for what it may have done.
const PATIENCE: [&str; 4] = ["-R", "1", "-N", "5"];

/// Runs `command` at the BMC and returns what ipmitool wrote. The password goes through a pipe and the key through the
/// environment, which only this user can read.
///
/// # Errors
/// As ipmitool tells; what takes longer than until `deadline` is killed.
pub async fn run(
    tool: &Path,
    info: &DriverInfo,
    suite: Option<u8>,
    command: &[&str],
    deadline: Instant,
) -> Result<String, Failure> {
    let began = Instant::now();
    let child = start(tool, info, suite, command).map_err(|error| cannot_start(tool, &error))?;
    let output = timeout_at(deadline, finish(child, info))
        .await
        .map_err(|_| Failure::timed_out(deadline - began))?
        .map_err(|error| Failure::NoAnswer(format!("ipmitool can't be listened to: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(Failure::of_output(&String::from_utf8_lossy(&said), info.password.as_ref()))
}

fn start(tool: &Path, info: &DriverInfo, suite: Option<u8>, command: &[&str]) -> io::Result<Child> {
    let mut ipmitool = Command::new(tool);
    ipmitool.env_clear().env("LC_ALL", "C").envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    ipmitool.args(&info.arguments).args(PATIENCE).args(["-f", "/dev/stdin"]);
    if let Some(suite) = suite.filter(|_| info.is_version_2) {
        ipmitool.args(["-C", &suite.to_string()]);
    }
    if let Some(key) = info.kg_key.as_ref().and_then(kg_bytes) {
        ipmitool.arg("-K").env("IPMI_KGKEY", OsString::from_vec(key));
    }
    ipmitool
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

async fn finish(mut child: Child, info: &DriverInfo) -> io::Result<Output> {
    if let Some(mut stdin) = child.stdin.take() {
        let password = info.password.as_ref().map_or("", |password| password.reveal());
        // One that has ended already says why itself.
        stdin.write_all(password.as_bytes()).await.ok();
        stdin.write_all(b"\n").await.ok();
    }
    child.wait_with_output().await
}

fn cannot_start(tool: &Path, error: &io::Error) -> Failure {
    let tool = tool.display();
    Failure::NotSent(match error.kind() {
        io::ErrorKind::NotFound => format!("{tool} is not installed on this conductor: install the package ipmitool"),
        _ => format!("{tool} can't be started on this conductor: {error}"),
    })
}
