//! A fake world, a database of its own, and up to two conductors between them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use assay_sim::{
    Hardware, World,
    harness::{Installation, PATIENCE, Process, Rest, server_database},
};
use serde_json::{Value, json};
use tokio::process::Command;

const POLL: Duration = Duration::from_millis(50);

/// One conductor of two, by its place.
pub struct Member {
    pub installation: Installation,
    pub rest: Rest,
    pub process: Option<Process>,
}

pub struct Pair {
    pub world: World,
    pub members: [Member; 2],
    /// The URL of their database.
    pub database: String,
    began: Instant,
}

impl Pair {
    /// Two conductors with these options besides; none is started yet.
    pub async fn new(hardware: Hardware, own: [&[(&'static str, &str)]; 2]) -> anyhow::Result<Self> {
        let world = World::start(hardware).await?;
        let database = server_database().await?;
        let first = installation(&database, "one", own[0])?;
        let second = installation(&database, "two", own[1])?;
        let members = [member(first)?, member(second)?];
        world.boot_from(&members[0].installation.boot_url());
        Ok(Self { world, members, database, began: Instant::now() })
    }

    /// Starts a conductor with these environment variables besides, and waits until it serves.
    pub async fn start(&mut self, place: usize, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        let bases: Vec<String> = self.members.iter().map(|member| member.installation.boot_url()).collect();
        let callback = bases.join(",");
        // Conductors of one database have one key.
        let key = self.members[0].installation.path("key").display().to_string();
        let shared = [("OS_INSPECTOR__CALLBACK_ENDPOINT_OVERRIDE", callback.as_str()), ("OS_ASSAY__KEY_FILE", &key)];
        let member = &mut self.members[place];
        member.process = Some(member.installation.spawn(&[&shared, environment].concat())?);
        let began = Instant::now();
        while member.rest.get("/v1/nodes?limit=1").await.is_err() {
            if let Some(status) = member.process.as_mut().and_then(Process::ended) {
                anyhow::bail!("the conductor has ended: {status}\n{}", member.installation.log_tail(30));
            }
            ensure!(began.elapsed() < PATIENCE, "it does not serve\n{}", member.installation.log_tail(30));
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// `kill -9`.
    pub async fn kill(&mut self, place: usize) -> anyhow::Result<()> {
        self.members[place].process.take().context("it does not run")?.kill().await
    }

    /// Sends a signal, such as `STOP`.
    pub async fn signal(&self, place: usize, name: &str) -> anyhow::Result<()> {
        let id = self.members[place].process.as_ref().and_then(Process::id).context("it does not run")?;
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await?;
        ensure!(sent.success(), "no signal could be sent: {sent}");
        Ok(())
    }

    /// Creates a machine's node by way of a conductor, and brings it to `manageable`. `more` goes over the request.
    pub async fn enrol(&self, place: usize, machine: usize, more: &Value) -> anyhow::Result<String> {
        let (user, password) = self.world.credentials();
        let images = &self.members[0].installation;
        let mut node = json!({
            "name": format!("sim-{machine}"), "driver": "redfish", "boot_interface": "ipxe", "network_interface": "noop",
            "inspect_interface": "agent",
            "driver_info": {
                "redfish_address": self.world.bmc_url(),
                "redfish_system_id": format!("/redfish/v1/Systems/{}", self.world.machine(machine).system),
                "redfish_username": user, "redfish_password": password,
                "deploy_kernel": images.image("kernel"), "deploy_ramdisk": images.image("ramdisk"),
            },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            node[key] = value.clone();
        }
        let rest = &self.members[place].rest;
        let created = rest.post("/v1/nodes", &node).await?;
        let id = created["uuid"].as_str().context("the node has no uuid")?.to_owned();
        rest.provision(&id, "manage").await?;
        rest.wait_for(&id, "manageable", PATIENCE).await?;
        Ok(id)
    }

    /// That nothing of an inspection is left at a machine's BMC, and that none of these conductors boots it.
    pub async fn nothing_left(&self, machine: usize, asked: &[usize]) -> anyhow::Result<()> {
        let state = self.world.machine(machine).state();
        ensure!(state.power == assay_core::power::PowerState::Off, "{machine} is on: {:?}", state.writes);
        ensure!(!state.boot.is_pending(), "{machine}: an override waits: {:?}", state.boot);
        ensure!(state.disc.is_none(), "{machine}: a disc is in the drive: {:?}", state.writes);
        let mac = self.world.machine(machine).nics[0].hyphenated();
        for place in asked {
            let boot = Rest::at(&self.members[*place].installation.boot_url())?;
            let script = boot.ask(reqwest::Method::GET, &format!("/pxelinux.cfg/{mac}"), None).await?.status;
            ensure!(script == reqwest::StatusCode::NOT_FOUND, "{machine}: a boot script is answered with {script}");
        }
        Ok(())
    }

    /// What happened when, for the transcript.
    pub fn tell(&self, what: &str) {
        println!("{:8.2} s  {what}", self.began.elapsed().as_secs_f64());
    }

    pub fn logs(&self) -> String {
        self.members.each_ref().map(|member| member.installation.log_tail(25)).join("\n---\n")
    }
}

fn member(installation: Installation) -> anyhow::Result<Member> {
    let rest = Rest::at(&format!("http://127.0.0.1:{}", installation.ports.api))?;
    Ok(Member { installation, rest, process: None })
}

fn installation(database: &str, host: &str, own: &[(&'static str, &str)]) -> anyhow::Result<Installation> {
    let shared = [("OS_DATABASE__CONNECTION", database), ("OS_DEFAULT__HOST", host)];
    let allowed = std::env::temp_dir().display().to_string();
    let options = shared.iter().chain(own).map(|(name, value)| (*name, (*value).to_owned()));
    let options: Vec<_> = options.chain([("OS_CONDUCTOR__FILE_URL_ALLOWED_PATHS", allowed)]).collect();
    Installation::create(env!("CARGO_BIN_EXE_assay").as_ref(), &options)
}
