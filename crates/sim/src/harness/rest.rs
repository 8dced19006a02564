//! A plain client of the bare metal API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The bare metal API of one installation.
#[derive(Clone)]
pub struct Rest {
    base: String,
    client: reqwest::Client,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// The body; null when it is empty, a string when it is not JSON.
    pub body: Value,
}

const VERSION: (&str, &str) = ("X-OpenStack-Ironic-API-Version", "1.95");
const POLL: Duration = Duration::from_millis(50);

impl Rest {
    /// A client of the API at this address, such as `http://127.0.0.1:6385`.
    ///
    /// # Errors
    /// The TLS of the system can't be used.
    pub fn at(base: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), client })
    }

    /// One request, whatever its status.
    ///
    /// # Errors
    /// No answer.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Reply> {
        let mut request =
            self.client.request(method.clone(), format!("{}{path}", self.base)).header(VERSION.0, VERSION.1);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        let body =
            serde_json::from_str(&text).unwrap_or_else(|_| if text.is_empty() { Value::Null } else { json!(text) });
        Ok(Reply { status, body })
    }

    async fn well(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let reply = self.ask(method.clone(), path, body).await?;
        ensure!(reply.status.is_success(), "{method} {path}: {} {}", reply.status, reply.body);
        Ok(reply.body)
    }

    /// Reads what must be there.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.well(Method::GET, path, None).await
    }

    /// Reads what must be there without parsing it, and says how many bytes it was.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn read(&self, path: &str) -> anyhow::Result<usize> {
        let request = self.client.get(format!("{}{path}", self.base)).header(VERSION.0, VERSION.1);
        let answer = request.send().await.with_context(|| format!("GET {path}"))?;
        ensure!(answer.status().is_success(), "GET {path}: {}", answer.status());
        Ok(answer.bytes().await?.len())
    }

    /// Creates something.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.well(Method::POST, path, Some(body)).await
    }

    /// Sets something.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.well(Method::PUT, path, Some(body)).await
    }

    /// Changes one field of a node.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn set(&self, node: &str, field: &str, value: Value) -> anyhow::Result<Value> {
        let patch = json!([{"op": "add", "path": field, "value": value}]);
        self.well(Method::PATCH, &format!("/v1/nodes/{node}"), Some(&patch)).await
    }

    /// A node.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn node(&self, node: &str) -> anyhow::Result<Value> {
        self.get(&format!("/v1/nodes/{node}")).await
    }

    /// Deletes a node.
    ///
    /// # Errors
    /// No answer, or one that is not a success.
    pub async fn delete(&self, node: &str) -> anyhow::Result<()> {
        self.well(Method::DELETE, &format!("/v1/nodes/{node}"), None).await.map(drop)
    }

    /// Asks for a change of the provision state.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn provision(&self, node: &str, target: &str) -> anyhow::Result<()> {
        self.put(&format!("/v1/nodes/{node}/states/provision"), &json!({"target": target})).await.map(drop)
    }

    /// Waits until the node is in this provision state and nothing holds it.
    ///
    /// # Errors
    /// The deadline has passed; the text shows the node's state.
    pub async fn wait_for(&self, node: &str, state: &str, deadline: Duration) -> anyhow::Result<Value> {
        let reached = |node: &Value| node["provision_state"] == state && node["reservation"].is_null();
        self.wait_until(node, state, deadline, reached).await
    }

    /// Waits until the node is as wanted; errors of the API are waited through.
    ///
    /// # Errors
    /// The deadline has passed; the text shows the node's state.
    pub async fn wait_until(
        &self,
        node: &str,
        what: &str,
        deadline: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let began = Instant::now();
        loop {
            let seen = self.node(node).await;
            match seen {
                Ok(node) if wanted(&node) => return Ok(node),
                seen if began.elapsed() > deadline => {
                    let seen = seen.map(|node| shown(&node)).unwrap_or_else(|error| error.to_string());
                    anyhow::bail!("node {node} is not '{what}' after {deadline:?}: {seen}");
                }
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }
}

impl Reply {
    /// The `faultstring` of an error.
    #[must_use]
    pub fn fault(&self) -> String {
        let text = self.body["error_message"].as_str().unwrap_or_default();
        let fault: Value = serde_json::from_str(text).unwrap_or_default();
        fault["faultstring"].as_str().unwrap_or(text).to_owned()
    }
}

fn shown(node: &Value) -> String {
    let fields = ["provision_state", "power_state", "reservation", "last_error"];
    fields.map(|field| format!("{field} {}", node[field])).join(", ")
}
