//! One crash: where the binary dies, and how the run must end all the same.

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use assay_sim::{
    Hardware, Ramdisk,
    harness::{PATIENCE, Setup, Site},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::START;

/// What kind of run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// The ramdisk posts its inventory.
    Happy,
    /// The ramdisk never posts, and a client aborts.
    Abort,
    /// The ramdisk never posts, and a client deletes the node.
    Delete,
}

/// A run, and the pause point at which the binary is killed; `None` kills it while the run waits.
pub struct Case {
    pub run: Run,
    pub pause: Option<String>,
}

const MACHINE: usize = 0;
const POLL: Duration = Duration::from_millis(50);

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} killed at {}", self.run, self.pause.as_deref().unwrap_or("inspect wait"))
    }
}

impl Case {
    /// Kills, restarts, waits for the end and looks for what is left.
    ///
    /// # Errors
    /// What was not as it must be.
    pub async fn check(&self) -> anyhow::Result<()> {
        let mut site = self.site().await?;
        let node = site.enrol(MACHINE).await?;
        let outcome = self.run_and_kill(&mut site, &node).await;
        outcome.with_context(|| site.log())
    }

    async fn run_and_kill(&self, site: &mut Site, node: &str) -> anyhow::Result<()> {
        let file = site.installation.path("paused");
        if let Some(pause) = &self.pause {
            let file = file.to_string_lossy().into_owned();
            site.restart(&[("ASSAY_PAUSE_AT", pause), ("ASSAY_PAUSE_FILE", &file)]).await?;
        }
        site.rest.provision(node, "inspect").await?;
        self.reach(site, node, &file).await.context("the pause point was not reached")?;
        site.restart(&[]).await?;
        self.finish(site, node).await?;
        self.audit(site, node).await
    }

    async fn site(&self) -> anyhow::Result<Site> {
        // A ramdisk that is slow enough to be killed while it is waited for.
        let work = if self.pause.is_none() { Duration::from_secs(2) } else { Duration::ZERO };
        let ramdisk = match self.run {
            Run::Happy => Ramdisk { work, ..Ramdisk::default() },
            Run::Abort | Run::Delete => Ramdisk { posts: 0, ..Ramdisk::default() },
        };
        let hardware = Hardware { ramdisk, sticky_override: true, ..Hardware::default() };
        Site::start(Setup { binary: env!("CARGO_BIN_EXE_assay").into(), hardware, options: Vec::new() }).await
    }

    /// Until the binary has stopped at its pause point, or the run waits if there is none.
    async fn reach(&self, site: &Site, node: &str, file: &Path) -> anyhow::Result<()> {
        if self.pause.is_none() {
            return site.rest.wait_for(node, "inspect wait", PATIENCE).await.map(drop);
        }
        let ending = async {
            self.end_when_waiting(site, node).await?;
            std::future::pending::<anyhow::Result<()>>().await
        };
        let paused = async {
            while !file.exists() {
                tokio::time::sleep(POLL).await;
            }
        };
        let first = async {
            tokio::select! {
                () = paused => Ok(()),
                error = ending => error,
            }
        };
        tokio::time::timeout(PATIENCE, first).await.context("deadline")?
    }

    /// Aborts the run, or deletes its node, once it waits; returns when the run has its ending.
    async fn end_when_waiting(&self, site: &Site, node: &str) -> anyhow::Result<()> {
        match self.run {
            Run::Happy => Ok(()),
            Run::Abort => abort_when_waiting(site, node).await,
            Run::Delete => delete_when_waiting(site, node).await,
        }
    }

    /// Until the run's end, and that it is the right one.
    async fn finish(&self, site: &Site, node: &str) -> anyhow::Result<()> {
        match self.run {
            Run::Happy => {
                site.wait_for(node, "manageable").await?;
                let inventory = site.rest.get(&format!("/v1/nodes/{node}/inventory")).await?;
                let mac = &inventory["inventory"]["interfaces"][0]["mac_address"];
                ensure!(mac == site.world.machine(MACHINE).nics[0].to_string().as_str(), "{mac} in the inventory");
            }
            Run::Abort => {
                abort_when_waiting(site, node).await?;
                let node = site.wait_for(node, "inspect failed").await?;
                let error = node["last_error"].as_str().unwrap_or_default();
                ensure!(error.contains("aborted"), "last_error: {error}");
                ensure!(!error.contains("clean up failed"), "last_error: {error}");
            }
            Run::Delete => {
                delete_when_waiting(site, node).await?;
                let began = Instant::now();
                while let Err(left) = site.assert_nothing_left(MACHINE).await {
                    ensure!(began.elapsed() < PATIENCE, "{left}");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        Ok(())
    }

    /// A binary that dies between the post and the run's end may have taken it and not have answered yet; the machine, which
    /// undo switches off, does not ask again.
    fn may_leave_the_post_unanswered(&self) -> bool {
        let named = self.pause.as_deref().and_then(|pause| pause.split_once(':'));
        named.is_some_and(|(_, name)| !START.contains(&name))
    }

    /// Nothing of the run is left at the BMC and at the listeners; its callback is spent.
    async fn audit(&self, site: &Site, node: &str) -> anyhow::Result<()> {
        site.assert_nothing_left(MACHINE).await?;
        let boots = site.world.machine(MACHINE).state().boots;
        let Some(url) = boots.iter().rev().find_map(|boot| boot.callback.clone()) else {
            return Ok(());
        };
        let answers: Vec<_> = boots.iter().flat_map(|boot| &boot.answers).filter(|answer| answer.status > 0).collect();
        let again = reqwest::Client::new().post(&url).body("{}").timeout(PATIENCE).send().await?;
        let (status, body) = (again.status(), again.text().await?);
        match self.run {
            Run::Happy => {
                let same = answers.iter().any(|answer| status == answer.status && body == answer.body);
                let fits = status.is_success() && (same || answers.is_empty() && self.may_leave_the_post_unanswered());
                ensure!(fits, "first: {answers:?}, repeated: {status} {body}");
            }
            Run::Abort | Run::Delete => ensure!(status == StatusCode::NOT_FOUND, "late: {status} {body}"),
        }
        let node = site.rest.ask(Method::GET, &format!("/v1/nodes/{node}"), None).await?;
        let expected = if self.run == Run::Delete { node.status == StatusCode::NOT_FOUND } else { ended(&node.body) };
        ensure!(expected, "the repeated post moved the node: {} {}", node.status, node.body);
        Ok(())
    }
}

/// Aborts once the run waits, and returns when the node is in the final state.
async fn abort_when_waiting(site: &Site, node: &str) -> anyhow::Result<()> {
    let settled =
        |seen: &Value| seen["reservation"].is_null() && (seen["provision_state"] == "inspect wait" || ended(seen));
    let seen = site.rest.wait_until(node, "waiting or ended", PATIENCE, settled).await?;
    if seen["provision_state"] == "inspect wait" {
        // Refused when the abort from before the crash is already being carried out.
        let abort = json!({"target": "abort"});
        site.rest.ask(Method::PUT, &format!("/v1/nodes/{node}/states/provision"), Some(&abort)).await?;
    }
    site.rest.wait_until(node, "ended", PATIENCE, ended).await.map(drop)
}

/// Deletes the node once its run waits, unless it is gone already.
async fn delete_when_waiting(site: &Site, node: &str) -> anyhow::Result<()> {
    let path = format!("/v1/nodes/{node}");
    if site.rest.ask(Method::GET, &path, None).await?.status == StatusCode::NOT_FOUND {
        return Ok(());
    }
    site.rest.wait_for(node, "inspect wait", PATIENCE).await?;
    site.rest.put(&format!("{path}/maintenance"), &json!({})).await?;
    site.rest.delete(node).await
}

fn ended(node: &Value) -> bool {
    matches!(node["provision_state"].as_str(), Some("manageable" | "inspect failed"))
}
