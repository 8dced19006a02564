//! Requests from inside a lab, by curl: what is tested must not be what asks.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Lab;
use crate::command;

/// How long an answer may take, in seconds.
const PATIENCE: &str = "60";

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

/// Sends a request with these headers, and a JSON body if there is one.
pub fn send(lab: &Lab, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Result<Answer> {
    let mut curl = lab.command("curl");
    curl.args(["-sS", "-i", "--max-time", PATIENCE, "-X", method, "-H", "Content-Type: application/json", url]);
    for (name, value) in headers {
        curl.args(["-H", &format!("{name}: {value}")]);
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
    use serde_json::json;

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
