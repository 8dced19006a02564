//! The fake cloud, asked by a plain HTTP client.

mod behaviour;
mod faults;
mod keystone;
mod recorded;
mod recording;

use assay_sim::{Cloud, CloudSetup};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A cloud with a client that has a token of its first user.
struct Asked {
    cloud: Cloud,
    client: Client,
    token: String,
}

impl Asked {
    async fn start(setup: CloudSetup) -> Self {
        let user = setup.users[0].clone();
        let cloud = Cloud::start(setup).await.unwrap();
        let client = Client::new();
        let token = token(&client, &cloud, &user.name, &user.password, &user.project).await;
        Self { cloud, client, token }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Response> {
        let url = format!("{}/v2.0/{path}", self.cloud.network_url());
        let mut request = self.client.request(method, url).header("X-Auth-Token", &self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    /// The status and the body.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.send(method, path, body).await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn create(&self, port: &Value) -> (u16, Value) {
        self.ask(Method::POST, "ports", Some(&json!({"port": port}))).await
    }

    async fn change(&self, id: &str, values: &Value) -> (u16, Value) {
        self.ask(Method::PUT, &format!("ports/{id}"), Some(&json!({"port": values}))).await
    }

    async fn delete(&self, id: &str) -> u16 {
        self.ask(Method::DELETE, &format!("ports/{id}"), None).await.0
    }

    /// What Assay would ask for: a port that is bound at once.
    fn bound(&self, network: &str, mac: &str, switch_port: &str) -> Value {
        json!({
            "network_id": self.cloud.network(network),
            "mac_address": mac,
            "binding:vnic_type": "baremetal",
            "binding:host_id": "7a1d9b0e-0000-4000-8000-000000000001",
            "binding:profile": {"local_link_information": [self.cloud.link(switch_port)]},
        })
    }
}

/// What Keystone is asked for a token of a project.
fn login(user: &str, password: &str, project: &str) -> Value {
    let domain = json!({"name": "Default"});
    json!({"auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": domain, "password": password}},
        },
        "scope": {"project": {"name": project, "domain": domain}},
    }})
}

async fn token(client: &Client, cloud: &Cloud, user: &str, password: &str, project: &str) -> String {
    let url = format!("{}/auth/tokens", cloud.auth_url());
    let answer = client.post(url).json(&login(user, password, project)).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{user}");
    answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
}

/// The type of Neutron's error.
fn kind(body: &Value) -> &str {
    body["NeutronError"]["type"].as_str().unwrap_or_default()
}
