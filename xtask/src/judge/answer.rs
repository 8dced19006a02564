//! One call and its answer, reduced to what can be compared.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;
use crate::interrupt;
use crate::lab::Lab;

/// An answer of a bare metal API.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    body: Value,
}

/// Sends a call of `lab/judge/calls.json` to the API at `base`.
pub fn ask(lab: &Lab, base: &str, call: &Value) -> Result<Answer> {
    let word = |key: &str| call[key].as_str().unwrap_or_default();
    let mut curl = lab.command("curl");
    curl.args([
        "-sS",
        "--max-time",
        "60",
        "-w",
        "\n%{http_code}",
        "-X",
        word("method"),
        "-H",
        "Accept: application/json",
    ]);
    if let Some(version) = call["version"].as_str() {
        curl.arg("-H").arg(format!("X-OpenStack-Ironic-API-Version: {version}"));
    }
    if let Some(body) = call.get("body") {
        curl.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
    }
    let printed = command::output(curl.arg(format!("{base}{}", word("path"))))?;
    if call["settle"] == true {
        interrupt::sleep(Duration::from_secs(3))?;
    }
    let (body, status) = printed.rsplit_once('\n').context("curl printed no status")?;
    Ok(Answer { status: status.parse()?, body: serde_json::from_str(body).unwrap_or(Value::Null) })
}

impl Answer {
    /// The fault's text. The body is JSON that holds JSON in a string.
    pub fn fault(&self) -> Option<String> {
        let inner: Value = serde_json::from_str(self.body["error_message"].as_str()?).ok()?;
        ["faultstring", "title"].iter().find_map(|key| inner[*key].as_str().map(str::to_owned))
    }

    /// The keys of the answer; in a list, those of its first element.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        collect("", &self.body, &mut keys);
        keys
    }
}

fn collect(prefix: &str, value: &Value, keys: &mut BTreeSet<String>) {
    for (key, below) in value.as_object().into_iter().flatten() {
        keys.insert(format!("{prefix}{key}"));
        if let Some(first) = below.as_array().and_then(|list| list.first()) {
            collect(&format!("{prefix}{key}[]."), first, keys);
        }
    }
}
