//! The programs of the cloud: how each is started, and how it shows that it works.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::settings::Place;
use super::{IDENTITY, NETWORK, part};
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::{Lab, http, switch};
use crate::project::Project;

/// How long a service may take to answer; an idle computer needs a tenth of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts RabbitMQ, and does not wait for it.
pub fn rabbitmq(lab: &Lab, place: &Place) -> Result<()> {
    let mut rabbit = lab.command("/usr/lib/rabbitmq/bin/rabbitmq-server");
    let home = place.folder.join("rabbitmq");
    rabbit
        .env("HOME", &home)
        .env("RABBITMQ_HOME", rabbitmq_home()?)
        .env("RABBITMQ_NODENAME", "lab@localhost")
        .env("RABBITMQ_MNESIA_BASE", &home)
        .env("RABBITMQ_LOG_BASE", &home)
        .env("RABBITMQ_CONFIG_FILE", place.file("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", place.file("rabbitmq-plugins"))
        .env("RABBITMQ_PID_FILE", home.join("pid"))
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        // Idle schedulers that spin would take the processor from the emulated machines.
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none");
    lab.start(part::RABBITMQ, &mut rabbit)
}

/// The folder of the one version that Debian has.
fn rabbitmq_home() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/rabbitmq/lib").context("RabbitMQ is not installed")?;
    versions.flatten().next().map(|entry| entry.path()).context("/usr/lib/rabbitmq/lib is empty")
}

/// Starts Keystone, and waits until it answers.
pub fn keystone(lab: &Lab, place: &Place) -> Result<()> {
    let mut keystone = wsgi(lab, place, "keystone.wsgi.api:application", "5000");
    keystone.env("OS_KEYSTONE_CONFIG_DIR", place.file("keystone"));
    lab.start(part::KEYSTONE, &mut keystone)?;
    answers(lab, part::KEYSTONE, IDENTITY)
}

/// Gives the switch its bridges towards Neutron, and its command line.
pub fn switch(lab: &Lab, place: &Place) -> Result<()> {
    switch::connect_neutron(lab)?;
    fs::create_dir_all("/run/sshd")?;
    for key in ["host", "key"] {
        let mut keygen = Command::new("ssh-keygen");
        command::output(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(place.folder.join("ssh").join(key)))?;
    }
    fs::set_permissions(place.folder.join("ssh"), fs::Permissions::from_mode(0o700))?;
    lab.start(part::SSH, lab.command("/usr/sbin/sshd").args(["-D", "-e", "-f"]).arg(place.file("sshd_config")))
}

/// Starts Neutron's API, which is slow to start, and its RPC server as soon as RabbitMQ is there.
pub fn neutron(lab: &Lab, place: &Place) -> Result<()> {
    api(lab, place)?;
    listens(lab, part::RABBITMQ, 5672)?;
    lab.start(part::RPC, &mut with_files(place.program(lab, "neutron-rpc-server"), &server_files(place)))
}

/// Starts Neutron's API.
pub fn api(lab: &Lab, place: &Place) -> Result<()> {
    let [common, ml2] = server_files(place);
    let mut api = wsgi(lab, place, "neutron.wsgi.api:application", "9696");
    api.env("OS_NEUTRON_CONFIG_FILES", format!("{};{}", common.display(), ml2.display()))
        .env("OS_NEUTRON_CONFIG_DIR", "/");
    lab.start(part::API, &mut api)
}

fn server_files(place: &Place) -> [PathBuf; 2] {
    [place.file("neutron.conf"), place.file("ml2.ini")]
}

/// Starts the agents when somebody listens to them, and waits for Neutron's API.
pub fn agents(project: &Project, lab: &Lab, place: &Place) -> Result<()> {
    let mut wait = place.program(lab, "python");
    let limit = PATIENCE.as_secs().to_string();
    command::output(wait.arg(project.lab_file("neutron/wait_for_rpc.py")).arg(limit))?;
    let common = place.file("neutron.conf");
    let mut wiring = place.program(lab, "neutron-openvswitch-agent");
    wiring.env("OVS_RUNDIR", &place.lab);
    lab.start(part::SWITCH_AGENT, &mut with_files(wiring, &[common.clone(), place.file("ovs-agent.ini")]))?;
    // The agent keeps its servers in named network namespaces: names that nobody outside sees, and that end with it.
    let mut dhcp = place.shell(lab);
    dhcp.args(["-c", "mount -t tmpfs lab /run/netns && exec neutron-dhcp-agent \"$@\"", "sh"])
        .env("OVS_RUNDIR", &place.lab)
        .env("PYTHONPATH", project.lab_file("neutron"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    lab.start(part::DHCP_AGENT, &mut with_files(dhcp, &[common, place.file("dhcp-agent.ini")]))?;
    answers(lab, part::API, &format!("{NETWORK}/"))
}

fn with_files(mut program: Command, files: &[PathBuf]) -> Command {
    for file in files {
        program.arg("--config-file").arg(file);
    }
    program
}

fn wsgi(lab: &Lab, place: &Place, application: &str, port: &str) -> Command {
    let mut uwsgi = place.program(lab, "uwsgi");
    uwsgi
        .args(["--http-socket", &format!("127.0.0.1:{port}"), "--module", application, "--buffer-size", "65535"])
        .args(["--master", "--processes", "1", "--threads", "8", "--enable-threads", "--lazy-apps", "--die-on-term"])
        // uwsgi closes the connection after each answer and does not say so: clients that keep it would see a reset.
        .args(["--add-header", "Connection: close"]);
    uwsgi
}

/// Waits until a part answers.
pub fn answers(lab: &Lab, part: &str, url: &str) -> Result<()> {
    wait_for(part, PATIENCE, || {
        lives(lab, part)?;
        Ok(http::send(lab, "GET", url, &[], None).ok().filter(|answer| answer.status < 400))
    })
    .map(drop)
}

fn listens(lab: &Lab, part: &str, port: u16) -> Result<()> {
    let probe = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    wait_for(part, PATIENCE, || {
        lives(lab, part)?;
        Ok(command::output(lab.command("bash").args(["-c", &probe])).ok())
    })
    .map(drop)
}

fn lives(lab: &Lab, part: &str) -> Result<()> {
    if !lab.runs(part) {
        bail!("{part} ended:\n{}", command::tail(&lab.log(part), 20));
    }
    Ok(())
}
