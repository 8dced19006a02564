//! A small client of the bare metal API, for the verbs that talk to a running service.

use std::time::Duration;

use assay_core::secret::Secret;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::args::ClientArgs;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answered, or not in the way of the API.
    #[error("{url} can't be reached: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The service answered no.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// The service's words.
        message: String,
    },
}

/// The API at one address.
#[derive(Debug)]
pub struct Api {
    http: Client,
    base: String,
    login: Option<(String, Option<Secret>)>,
}

impl Api {
    /// The API that the arguments and `OS_PASSWORD` point to.
    ///
    /// # Errors
    /// The TLS library can't be started.
    pub fn of(args: &ClientArgs) -> anyhow::Result<Self> {
        let password = std::env::var("OS_PASSWORD").ok().map(Secret::new);
        Ok(Self {
            http: Client::builder().timeout(PATIENCE).build()?,
            base: args.url.trim_end_matches('/').to_owned(),
            login: args.username.clone().map(|name| (name, password)),
        })
    }

    /// Asks for `path`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path, None).await
    }

    /// Sends `body` to `path`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, &url).header("X-OpenStack-Ironic-API-Version", "latest");
        if let Some((name, password)) = &self.login {
            request = request.basic_auth(name, password.as_ref().map(Secret::reveal));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |error: reqwest::Error| ClientError::Unreachable { url: url.clone(), reason: root(&error) };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(ClientError::Refused { status, message: fault(status, &text) });
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let wrong = |error| ClientError::Unreachable { url: url.clone(), reason: format!("it sent no JSON: {error}") };
        serde_json::from_str(&text).map_err(wrong)
    }
}

/// The innermost cause, which is the one that helps.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The service's words in an error body: `error_message` is an object, or one in a string.
fn fault(status: StatusCode, text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let message = match &body["error_message"] {
        Value::String(inner) => serde_json::from_str(inner).unwrap_or_else(|_| Value::String(inner.clone())),
        other => other.clone(),
    };
    let words = message["faultstring"].as_str().or(message.as_str()).map(str::to_owned);
    words.unwrap_or_else(|| format!("the API answered {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_refusal_are_found_in_both_forms() {
        for body in [
            r#"{"error_message": {"faultstring": "Node x is locked.", "faultcode": "Client"}}"#,
            r#"{"error_message": "{\"faultstring\": \"Node x is locked.\"}"}"#,
            r#"{"error_message": "Node x is locked."}"#,
        ] {
            assert_eq!(fault(StatusCode::CONFLICT, body), "Node x is locked.");
        }
        assert_eq!(fault(StatusCode::BAD_GATEWAY, "<html>"), "the API answered 502 Bad Gateway");
    }
}
