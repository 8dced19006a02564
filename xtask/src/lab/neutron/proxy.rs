//! A proxy before Neutron that spoils the requests which a test names: what a real Neutron does only when it is ill.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::NETWORK;
use crate::command;
use crate::interrupt::wait_for;
use crate::lab::{Lab, http};
use crate::project::{Project, write};

/// Where it listens, inside the lab.
pub const PROXY: &str = "http://127.0.0.1:9697";
const PORT: &str = "9697";
const NAME: &str = "neutron-proxy";

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 503, and Neutron never hears of it.
    Refuse,
    /// Neutron does it, and the answer is 500.
    Fail,
    /// Neutron does it, and the answer is lost.
    Lose,
    /// It is on its way until the proxy is told to let it through.
    Hold,
}

/// Which requests are spoilt: those of this method that hold this text, in the path or in the body.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The HTTP method.
    pub method: &'static str,
    /// What is in the path or in the body.
    pub holds: String,
    /// How many such requests are left alone first.
    pub skip: u32,
    /// How many are spoilt then.
    pub times: u32,
    /// How.
    pub fault: Fault,
}

impl Rule {
    /// Spoils all such requests.
    pub fn always(method: &'static str, holds: impl Into<String>, fault: Fault) -> Self {
        Self { method, holds: holds.into(), skip: 0, times: u32::MAX, fault }
    }

    fn json(&self) -> Value {
        let Self { method, holds, skip, times, fault } = self;
        let fault = format!("{fault:?}").to_lowercase();
        json!({"method": method, "holds": holds, "skip": skip, "times": times, "fault": fault})
    }
}

/// The running proxy.
#[derive(Debug)]
pub struct Proxy {
    folder: PathBuf,
}

impl Proxy {
    /// Starts it, without a rule.
    pub fn up(project: &Project, lab: &Lab) -> Result<Self> {
        let folder = lab.folder.join(NAME);
        fs::create_dir_all(&folder)?;
        let mut proxy = lab.command("/usr/bin/python3");
        proxy.arg(project.lab_file("neutron/faulty_proxy.py")).args([PORT, NETWORK]).arg(&folder);
        lab.start(NAME, &mut proxy)?;
        wait_for(NAME, Duration::from_secs(20), || {
            if !lab.runs(NAME) {
                bail!("{NAME} ended:\n{}", command::tail(&lab.log(NAME), 20));
            }
            Ok(http::send(lab, "GET", PROXY, &[], None).ok())
        })?;
        Ok(Self { folder })
    }

    /// From now on these rules hold, and no others.
    pub fn spoil(&self, rules: &[Rule]) -> Result<()> {
        let rules: Vec<Value> = rules.iter().map(Rule::json).collect();
        let new = self.folder.join("new-rules.json");
        write(&new, &Value::from(rules).to_string())?;
        Ok(fs::rename(new, self.folder.join("rules.json"))?)
    }

    /// Lets through what is held, now and from now on.
    pub fn release(&self) -> Result<()> {
        write(&self.folder.join("release"), "")
    }
}
