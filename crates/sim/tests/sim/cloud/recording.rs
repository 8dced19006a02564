//! What was recorded of Keystone 30 and Neutron 29, and how it is asked again.

use std::collections::BTreeMap;

use assay_sim::{Cloud, CloudSetup, FakeCredential, FakeNetwork, FakeSubnet, FakeSwitch, FakeUser};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::Value;

use super::token;

const PASSWORD: &str = "ntsecret";

/// One exchange. `TOKEN` stands for a token of the user.
#[derive(Clone, Deserialize)]
pub struct Exchange {
    pub name: String,
    #[serde(rename = "as")]
    user: String,
    token: Option<String>,
    subject: Option<String>,
    method: String,
    path: String,
    body: Value,
    pub status: u16,
    pub answer: Value,
}

/// Single requests.
pub fn exchanges() -> Vec<Exchange> {
    read(include_str!("../../../data/neutron/exchanges.jsonl"))
}

/// What Ironic 39 asks Neutron for one inspection, in its order.
pub fn managed_inspection() -> Vec<Exchange> {
    read(include_str!("../../../data/neutron/managed-inspection.jsonl"))
}

fn read(lines: &str) -> Vec<Exchange> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The cloud that was recorded.
pub fn setup() -> CloudSetup {
    let own = CloudSetup::default();
    let user = |name: &str, project: &str, roles: &[&'static str]| FakeUser {
        password: PASSWORD.into(),
        ..FakeUser::new(name, project, roles)
    };
    let network = |name: &str, id: &str, vlan| FakeNetwork { id: id.parse().unwrap(), ..FakeNetwork::new(name, vlan) };
    let twice = |id: &str, vlan| FakeNetwork { port_security: true, ..network("twice", id, vlan) };
    let subnet = || FakeSubnet::v4([198, 18, 102, 0].into(), 100, 200);
    CloudSetup {
        users: vec![
            user("ironic", "service", &["service", "admin", "member", "manager", "reader"]),
            FakeUser { system: true, ..user("admin", "admin", &["admin", "manager", "member", "reader"]) },
            user("demo", "demo", &["member", "reader"]),
            user("demo-reader", "demo", &["reader"]),
            user("nobody", "service", &[]),
        ],
        credentials: vec![FakeCredential {
            id: "19c0a60062fe4d76a7a0a588f30c674e".into(),
            name: "ironic-ac".into(),
            secret: "acsecret".into(),
            user: "ironic".into(),
        }],
        networks: vec![
            network("inspection", "6c993c63-76de-4c61-b70e-f8dc1d7e0653", 102).with(subnet()),
            twice("0f601b52-4d4f-4700-8607-7725b0fadaa2", 100),
            twice("74d832f3-9b05-40ea-a4a1-d22354e003b4", 105),
            FakeNetwork { project: "demo".into(), ..network("demo-net", "2151d3e3-c2f4-408d-808d-717b9d12c2f0", 106) },
        ],
        switches: vec![
            FakeSwitch { info: "nt-switch".into(), id: "52:54:00:aa:bb:01".into(), alive: true },
            FakeSwitch { info: "nt-dead".into(), id: "52:54:00:aa:bb:02".into(), alive: false },
        ],
        ..own
    }
}

/// A cloud that is asked what another one was asked, with the ids that it has for the other's.
pub struct Replay {
    pub cloud: Cloud,
    client: Client,
    ids: BTreeMap<String, String>,
}

impl Replay {
    pub async fn on(setup: CloudSetup, client: &Client) -> Self {
        Self { cloud: Cloud::start(setup).await.unwrap(), client: client.clone(), ids: BTreeMap::new() }
    }

    /// Asks once more, and returns the status and the body of the answer.
    pub async fn ask(&mut self, exchange: &Exchange) -> (u16, Value) {
        let needs_token = exchange.token.is_some() || exchange.body.to_string().contains("TOKEN");
        let token = if needs_token { self.token(&exchange.user).await } else { String::new() };
        if exchange.name.contains("revoked") {
            self.cloud.revoke_tokens();
        }
        let of_keystone = exchange.path.starts_with("/v3") || exchange.name.starts_with("ks-");
        let base = if of_keystone { self.cloud.auth_url().replace("/v3", "") } else { self.cloud.network_url() };
        let url = format!("{base}{}", self.translated(&exchange.path, &token));
        let mut request = self.client.request(exchange.method.parse::<Method>().unwrap(), url);
        for (name, value) in [("X-Auth-Token", &exchange.token), ("X-Subject-Token", &exchange.subject)] {
            if let Some(value) = value {
                request = request.header(name, value.replace("TOKEN", &token));
            }
        }
        if !exchange.body.is_null() {
            let text = exchange.body.as_str().map_or_else(|| exchange.body.to_string(), str::to_owned);
            request = request.header("Content-Type", "application/json").body(self.translated(&text, &token));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_else(|_| "".into());
        self.learn(&exchange.answer, &body);
        (status, body)
    }

    async fn token(&self, user: &str) -> String {
        let project = if user.starts_with("demo") { "demo" } else { "service" };
        let project = if user == "admin" { "admin" } else { project };
        token(&self.client, &self.cloud, user, PASSWORD, project).await
    }

    fn translated(&self, text: &str, token: &str) -> String {
        let text = text.replace("TOKEN", token);
        self.ids.iter().fold(text, |text, (old, new)| text.replace(old, new))
    }

    /// Notes the ids of what is the same in both clouds.
    fn learn(&mut self, recorded: &Value, body: &Value) {
        let pairs = [(&recorded["port"], &body["port"]), (&recorded["networks"][0], &body["networks"][0])];
        for (old, new) in pairs {
            if let (Some(old), Some(new)) = (old["id"].as_str(), new["id"].as_str()) {
                self.ids.insert(old.to_owned(), new.to_owned());
            }
        }
    }
}
