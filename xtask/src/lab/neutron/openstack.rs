//! Calls to Keystone and Neutron from inside a lab.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{IDENTITY, NETWORK};
use crate::lab::Lab;
use crate::lab::http::{self, Answer};

/// A token, and the lab where it is good.
#[derive(Debug)]
pub struct Session<'a> {
    lab: &'a Lab,
    token: String,
    /// The id of the user.
    pub user: String,
}

impl<'a> Session<'a> {
    /// Asks Keystone for a token.
    pub fn open(lab: &'a Lab, user: &str, password: &str, project: &str) -> Result<Self> {
        let identity = json!({"methods": ["password"],
            "password": {"user": {"name": user, "domain": {"name": "Default"}, "password": password}}});
        let scope = json!({"project": {"name": project, "domain": {"name": "Default"}}});
        let body = json!({"auth": {"identity": identity, "scope": scope}});
        let answer = http::send(lab, "POST", &format!("{IDENTITY}/auth/tokens"), &[], Some(&body))?;
        let token =
            answer.token.with_context(|| format!("no token for {user} ({}): {}", answer.status, answer.body))?;
        let id = |what: &str| answer.body["token"][what]["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { lab, token, user: id("user") })
    }

    /// Sends a request, whatever its answer.
    pub fn send(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Answer> {
        http::send(self.lab, method, url, &[("X-Auth-Token", &self.token)], body)
    }

    /// Sends a request that must succeed, and gives the body of its answer.
    pub fn call(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, url, body)?;
        ensure!((200..300).contains(&answer.status), "{method} {url}: {} {}", answer.status, answer.body);
        Ok(answer.body)
    }

    /// Reads a resource.
    pub fn get(&self, url: &str) -> Result<Value> {
        self.call("GET", url, None)
    }

    /// Creates a resource, `kind` in the singular.
    pub fn create(&self, url: &str, kind: &str, values: &Value) -> Result<Value> {
        Ok(self.call("POST", url, Some(&json!({ kind: values })))?[kind].take())
    }

    /// Creates a Neutron port.
    pub fn create_port(&self, values: &Value) -> Result<Value> {
        self.create(&format!("{NETWORK}/v2.0/ports"), "port", values)
    }

    /// Deletes a Neutron port.
    pub fn delete_port(&self, id: &str) -> Result<()> {
        self.call("DELETE", &format!("{NETWORK}/v2.0/ports/{id}"), None).map(drop)
    }
}
