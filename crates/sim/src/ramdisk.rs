//! What runs on a machine that is switched on with a network boot pending: firmware, iPXE, and a
//! ramdisk that behaves as ironic-python-agent does when all it has is a callback URL.
//!
//! DHCP is left out: the script comes from Assay's HTTP listener at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use reqwest::{Response, Url};

use crate::{
    body::{Content, Recording},
    ipxe::Entry,
    machine::{Answer, Machine, Stage},
    world::Fleet,
};

/// What the ramdisk of a machine does.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramdisk {
    /// How kernel and ramdisk are fetched.
    pub images: Images,
    /// What is posted.
    pub content: Content,
    /// How often it is posted, although the first one was accepted; 0 never calls.
    pub posts: u32,
    /// Where it is posted to.
    pub callback: Callback,
    /// How long it takes from the ramdisk's start to its post.
    pub work: Duration,
    /// How long a second of the real ramdisk's pauses lasts here.
    pub second: Duration,
}

impl Default for Ramdisk {
    fn default() -> Self {
        Self {
            images: Images::Get,
            content: Content::Recorded(Recording::Bios),
            posts: 1,
            callback: Callback::AsGiven,
            work: Duration::ZERO,
            second: Duration::from_millis(100),
        }
    }
}

/// How kernel and ramdisk are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Whole.
    Get,
    /// Their headers only.
    Head,
    /// Not at all.
    Skip,
}

/// What the ramdisk makes of the callback URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// Uses it.
    AsGiven,
    /// Changes the last segment, which is the secret.
    WrongSecret,
    /// Leaves run id and secret out.
    WithoutSecret,
}

/// The pauses of ironic-python-agent between its attempts to post, in its seconds.
const PAUSES: [u32; 4] = [5, 5, 6, 12];
/// How long the firmware waits before it tries the network again, in the ramdisk's seconds.
const FIRMWARE_PAUSE: u32 = 3;

/// Boots and then runs until the machine is switched off.
pub(crate) async fn boot(fleet: &Arc<Fleet>, machine: &Arc<Machine>) {
    let ramdisk = machine.state().ramdisk;
    let nic = Nic { fleet, machine, ramdisk: &ramdisk };
    let entry = loop {
        match nic.load().await {
            Some(entry) => break entry,
            None => tokio::time::sleep(ramdisk.second * FIRMWARE_PAUSE).await,
        }
    };
    tokio::time::sleep(ramdisk.work).await;
    if let Some(callback) = entry.argument("ipa-inspection-callback-url") {
        machine.with_boot(|boot| boot.callback = Some(callback.to_owned()));
        let request_id = entry.argument("ipa-global-request-id");
        for _ in 0..ramdisk.posts {
            nic.report(callback, request_id).await;
        }
    }
    std::future::pending().await
}

struct Nic<'a> {
    fleet: &'a Fleet,
    machine: &'a Machine,
    ramdisk: &'a Ramdisk,
}

impl Nic<'_> {
    /// Script, the NIC's script, kernel, ramdisk; `None` if one of them can't be had.
    async fn load(&self) -> Option<Entry> {
        let base: Url = self.fleet.boot_url().parse().ok()?;
        self.get(base.join("boot.ipxe").ok()?).await?;
        self.machine.reached(Stage::Script);
        let entry = self.find_entry(&base).await?;
        self.machine.with_boot(|boot| boot.kernel_line = Some(entry.line.clone()));
        self.machine.reached(Stage::Config);
        self.fetch(entry.kernel.clone()).await?;
        self.machine.reached(Stage::Kernel);
        self.fetch(entry.ramdisk.clone()?).await?;
        self.machine.reached(Stage::Ramdisk);
        Some(entry)
    }

    /// Asks for each NIC's script, as `boot.ipxe` does.
    async fn find_entry(&self, base: &Url) -> Option<Entry> {
        for mac in &self.machine.nics {
            let url = base.join(&format!("pxelinux.cfg/{}", mac.hyphenated())).ok()?;
            let asked = self.fleet.client_of(*mac).get(url.clone()).send().await;
            if let Some(answer) = asked.ok().and_then(|answer| answer.error_for_status().ok()) {
                let script = answer.text().await.ok()?;
                return Entry::parse(&script, &url, &mac.to_string());
            }
        }
        None
    }

    async fn get(&self, url: Url) -> Option<Response> {
        self.fleet.client.get(url).send().await.ok()?.error_for_status().ok()
    }

    async fn fetch(&self, url: Url) -> Option<()> {
        match self.ramdisk.images {
            Images::Skip => {}
            Images::Head => drop(self.fleet.client.head(url).send().await.ok()?.error_for_status().ok()?),
            Images::Get => drop(self.get(url).await?.bytes().await.ok()?),
        }
        Some(())
    }

    /// Posts as ironic-python-agent does: a refusal is final; a busy or absent service gets five
    /// attempts, after which the agent's process ends, is restarted and collects again.
    async fn report(&self, callback: &str, request_id: Option<&str>) {
        loop {
            for pause in PAUSES.iter().copied().map(Some).chain([None]) {
                let answer = self.post(callback, request_id).await;
                let retry = matches!(answer.status, 0 | 409 | 500..);
                self.machine.with_boot(|boot| boot.answers.push(answer));
                if !retry {
                    return self.machine.reached(Stage::Posted);
                }
                tokio::time::sleep(self.ramdisk.second * pause.unwrap_or(1)).await;
            }
        }
    }

    /// One attempt: each URL of the list until one of them is connected to.
    async fn post(&self, callback: &str, request_id: Option<&str>) -> Answer {
        let (posted_at, began) = (Utc::now(), Instant::now());
        let body = self.ramdisk.content.bytes(self.machine);
        let mut answer = Answer { status: 0, body: "no URL".into(), posted_at, took: Duration::ZERO };
        for url in callback.split(',') {
            let mut request = self.fleet.client.post(self.ramdisk.callback.aim(url)).body(body.clone());
            request = request.header("Content-Type", "application/json").header("Accept", "application/json");
            if let Some(id) = request_id {
                request = request.header("X-OpenStack-Request-ID", id);
            }
            let sent = request.send().await;
            answer.status = sent.as_ref().map_or(0, |response| response.status().as_u16());
            answer.body = match sent {
                Ok(response) => response.text().await.unwrap_or_default(),
                Err(error) if error.is_connect() => continue,
                Err(error) => error.to_string(),
            };
            break;
        }
        Answer { took: began.elapsed(), ..answer }
    }
}

impl Callback {
    fn aim(self, url: &str) -> String {
        let segments: Vec<&str> = url.split('/').collect();
        match self {
            Self::AsGiven => url.to_owned(),
            Self::WrongSecret => {
                format!("{}/{}", segments[..segments.len().saturating_sub(1)].join("/"), "A".repeat(43))
            }
            Self::WithoutSecret => segments[..segments.len().saturating_sub(2)].join("/"),
        }
    }
}
