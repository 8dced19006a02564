//! Calls to Keystone and Neutron from inside a lab, by curl: what is tested must not be what asks.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{IDENTITY, NETWORK};
use crate::command;
use crate::lab::Lab;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `X-Subject-Token`.
    pub token: Option<String>,
    /// The body; null when there is none, or no JSON.
    pub body: Value,
}

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
        let answer = send(lab, "POST", &format!("{IDENTITY}/auth/tokens"), None, Some(&body))?;
        let token =
            answer.token.with_context(|| format!("no token for {user} ({}): {}", answer.status, answer.body))?;
        let id = |what: &str| answer.body["token"][what]["id"].as_str().unwrap_or_default().to_owned();
        Ok(Self { lab, token, user: id("user") })
    }

    /// Sends a request, whatever its answer.
    pub fn send(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Answer> {
        send(self.lab, method, url, Some(&self.token), body)
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

/// Sends a request.
pub fn send(lab: &Lab, method: &str, url: &str, token: Option<&str>, body: Option<&Value>) -> Result<Answer> {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "-i", "--max-time", "60", "-X", method, "-H", "Content-Type: application/json", url]);
    if let Some(token) = token {
        curl.args(["-H", &format!("X-Auth-Token: {token}")]);
    }
    if let Some(body) = body {
        curl.args(["--data-binary", &body.to_string()]);
    }
    parse(&command::output(&mut curl)?)
}

/// Reads what `curl -i` prints: a status line, headers, an empty line, a body.
fn parse(printed: &str) -> Result<Answer> {
    let Some((head, body)) = printed.split_once("\r\n\r\n") else { bail!("no HTTP answer: {printed}") };
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no HTTP status")?.parse()?;
    let token =
        lines.filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("x-subject-token"));
    Ok(Answer {
        status,
        token: token.map(|(_, value)| value.trim().to_owned()),
        body: serde_json::from_str(body).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_a_header_and_the_body_may_be_missing() {
        let answer = parse("HTTP/1.1 201 CREATED\r\nx-subject-token: gAAA\r\n\r\n{\"token\": {}}").unwrap();
        assert_eq!((answer.status, answer.token.as_deref(), &answer.body), (201, Some("gAAA"), &json!({"token": {}})));
        let answer = parse("HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.token, answer.body), (204, None, Value::Null));
        assert!(parse("nothing").is_err());
    }
}
