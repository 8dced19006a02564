//! One HTTP exchange with a BMC, with its limits: time, size, and no redirects.

use futures::StreamExt;
use reqwest::{RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;
use tokio::time::Instant;

use super::failure::{Failure, sentence};
use crate::cause::root_cause;

/// The largest body that is read. Real systems' are a few tens of KiB.
pub const LARGEST_BODY: usize = 2 << 20;

/// What a BMC answered, when it did what was asked.
pub struct Reply {
    /// The headers.
    pub headers: HeaderMap,
    /// The body of a read; null where it was not wanted or is empty.
    pub body: Value,
}

/// Sends `request` and takes the whole answer before `deadline`. The body of a success is read only
/// when it is `wanted`, since what a BMC says after it has done its work changes nothing.
pub async fn exchange(request: RequestBuilder, wanted: bool, deadline: Instant) -> Result<Reply, Failure> {
    let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
        return Err(Failure::Unreachable("no time was left to ask".to_owned()));
    };
    let response = request.timeout(left).send().await.map_err(|error| of_transport(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    if status.is_success() {
        let body = if wanted { json(response).await? } else { Value::Null };
        return Ok(Reply { headers, body });
    }
    let said = if status.is_redirection() {
        "a redirect, which is not followed".to_owned()
    } else {
        json(response).await.map(|body| sentence(&body)).unwrap_or_default()
    };
    Err(Failure::Refused { status: status.as_u16(), said })
}

fn of_transport(error: &reqwest::Error) -> Failure {
    match (error.is_connect() || error.is_builder(), error.is_timeout()) {
        (true, true) => Failure::Unreachable("timed out".to_owned()),
        (true, false) => Failure::Unreachable(root_cause(error)),
        (false, true) => Failure::NoAnswer("no answer in time".to_owned()),
        (false, false) => Failure::NoAnswer(format!("the connection broke: {}", root_cause(error))),
    }
}

/// Reads the body as JSON. `serde_json` itself refuses to go deeper than 128 levels.
async fn json(response: Response) -> Result<Value, Failure> {
    let too_large = || Failure::Nonsense(format!("the answer is larger than {LARGEST_BODY} bytes"));
    if response.content_length().is_some_and(|length| length > LARGEST_BODY as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| of_transport(&error))?;
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&body).map_err(|error| Failure::Nonsense(format!("the answer is not JSON: {error}")))
}
