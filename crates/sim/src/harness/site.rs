//! A fake world with the real binary in the middle of it.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use assay_core::power::PowerState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Installation, PATIENCE, Process, Rest};
use crate::{Hardware, World};

/// What a site is made of.
pub struct Setup {
    /// The binary.
    pub binary: PathBuf,
    /// The machines.
    pub hardware: Hardware,
    /// Options of the binary: `OS_<GROUP>__<OPTION>` and value.
    pub options: Vec<(&'static str, String)>,
}

/// For an answer of a binary that has just been started, before it is looked at what it waits for.
const LONGEST_ANSWER: std::time::Duration = std::time::Duration::from_secs(20);

/// A fake world with the real binary in the middle of it.
pub struct Site {
    /// The machines.
    pub world: World,
    /// The binary's folder and ports.
    pub installation: Installation,
    /// The binary's API.
    pub rest: Rest,
    process: Option<Process>,
}

impl Site {
    /// Starts the world and the binary, and waits until the binary serves.
    ///
    /// # Errors
    /// The binary does not serve in time; the text has the end of its log.
    pub async fn start(mut setup: Setup) -> anyhow::Result<Self> {
        let connection = super::database::database_if_named().await?;
        setup.options.extend(connection.map(|url| ("OS_DATABASE__CONNECTION", url)));
        let world = World::start(setup.hardware).await?;
        let installation = Installation::create(&setup.binary, &setup.options)?;
        world.boot_from(&installation.boot_url());
        let rest = Rest::at(&format!("http://127.0.0.1:{}", installation.ports.api))?;
        let mut site = Self { world, installation, rest, process: None };
        site.restart(&[]).await?;
        Ok(site)
    }

    /// Kills the binary, if it runs, starts it with these environment variables and waits until it
    /// serves.
    ///
    /// # Errors
    /// It does not serve in time; the text has the end of its log.
    pub async fn restart(&mut self, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        if let Some(process) = self.process.take() {
            process.kill().await?;
        }
        self.process = Some(self.installation.spawn(environment)?);
        self.serving().await.with_context(|| self.log())
    }

    /// Stops the binary in good order.
    ///
    /// # Errors
    /// It does not run, or does not stop; the text has the end of its log.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("the binary does not run")?;
        process.stop(PATIENCE).await.with_context(|| self.log())
    }

    async fn serving(&mut self) -> anyhow::Result<()> {
        let began = std::time::Instant::now();
        loop {
            let process = self.process.as_mut().context("the binary does not run")?;
            if let Some(status) = process.ended() {
                anyhow::bail!("the binary has ended: {status}");
            }
            match tokio::time::timeout(LONGEST_ANSWER, self.rest.get("/v1/nodes?limit=1")).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(_)) => ensure!(began.elapsed() < PATIENCE, "the binary does not serve"),
                Err(_) => anyhow::bail!("the binary leaves a request without an answer:\n{}", process.threads()),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The running binary.
    ///
    /// # Errors
    /// It does not run.
    pub fn process(&mut self) -> anyhow::Result<&mut Process> {
        self.process.as_mut().context("the binary does not run")
    }

    /// The end of the binary's log, for the text of an error.
    #[must_use]
    pub fn log(&self) -> String {
        format!("the log ends:\n{}", self.installation.log_tail(60))
    }

    /// What `POST /v1/nodes` takes for a machine: `redfish`, `ipxe`, `noop`, `agent`.
    #[must_use]
    pub fn node(&self, machine: usize) -> Value {
        let (user, password) = self.world.credentials();
        json!({
            "name": format!("sim-{machine}"),
            "driver": "redfish",
            "boot_interface": "ipxe",
            "network_interface": "noop",
            "inspect_interface": "agent",
            "driver_info": {
                "redfish_address": self.world.bmc_url(),
                "redfish_system_id": format!("/redfish/v1/Systems/{}", self.world.machine(machine).system),
                "redfish_username": user,
                "redfish_password": password,
                "deploy_kernel": self.installation.image("kernel"),
                "deploy_ramdisk": self.installation.image("ramdisk"),
            },
        })
    }

    /// Creates a machine's node and brings it to `manageable`; its ports come from the BMC.
    ///
    /// # Errors
    /// Refused, or not verified in time.
    pub async fn enrol(&self, machine: usize) -> anyhow::Result<String> {
        self.enrol_as(self.node(machine)).await
    }

    /// Creates a node and brings it to `manageable`.
    ///
    /// # Errors
    /// Refused, or not verified in time.
    pub async fn enrol_as(&self, node: Value) -> anyhow::Result<String> {
        let created = self.rest.post("/v1/nodes", &node).await.with_context(|| self.log())?;
        let id = created["uuid"].as_str().context("the node has no uuid")?.to_owned();
        self.rest.provision(&id, "manage").await?;
        self.wait_for(&id, "manageable").await?;
        Ok(id)
    }

    /// Asks for an inspection and waits for the provision state at its end.
    ///
    /// # Errors
    /// Refused, or another end.
    pub async fn inspect(&self, node: &str, end: &str) -> anyhow::Result<Value> {
        self.rest.provision(node, "inspect").await.with_context(|| self.log())?;
        self.wait_for(node, end).await
    }

    /// Waits until the node is in this provision state and nothing holds it.
    ///
    /// # Errors
    /// It is not in time; the text has the end of the log.
    pub async fn wait_for(&self, node: &str, state: &str) -> anyhow::Result<Value> {
        self.rest.wait_for(node, state, PATIENCE).await.with_context(|| self.log())
    }

    /// The status of the boot script of a machine's first NIC: 404 when nothing is booted.
    ///
    /// # Errors
    /// No answer.
    pub async fn boot_script(&self, machine: usize) -> anyhow::Result<StatusCode> {
        let mac = self.world.machine(machine).nics[0].hyphenated();
        let boot = Rest::at(&self.installation.boot_url())?;
        Ok(boot.ask(Method::GET, &format!("/pxelinux.cfg/{mac}"), None).await?.status)
    }

    /// Asks the world, not the binary's tables, whether an inspection left something: the machine
    /// is off, no boot override waits, the boot listener knows no NIC.
    ///
    /// # Errors
    /// What is left.
    pub async fn assert_nothing_left(&self, machine: usize) -> anyhow::Result<()> {
        let state = self.world.machine(machine).state();
        ensure!(state.power == PowerState::Off, "the machine is on; {:?}", state.writes);
        ensure!(!state.boot.is_pending(), "an override waits: {:?}; {:?}", state.boot, state.writes);
        ensure!(state.disc.is_none(), "a disc is in the drive: {:?}", state.writes);
        let script = self.boot_script(machine).await?;
        ensure!(script == StatusCode::NOT_FOUND, "the NIC's boot script is answered with {script}");
        Ok(())
    }
}
