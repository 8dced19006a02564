//! One HTTP exchange with a peer, with its limits: time, size, and no redirects.

mod failure;

use std::time::Duration;

use futures::StreamExt;
use metrics::histogram;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use tokio::time::Instant;

pub use failure::{Failure, plain};

use crate::{cause::root_cause, fence};

/// How long calls take, in seconds, by the `service` that is called.
pub const CALL_SECONDS: &str = "assay_call_seconds";

/// The largest body that is read. Real systems' are a few tens of KiB.
const LARGEST_BODY: usize = 2 << 20;

/// What a peer answered, when it did what was asked.
#[derive(Debug)]
pub struct Reply {
    /// The headers.
    pub headers: HeaderMap,
    /// The body of a read; null where it was not wanted or is empty.
    pub body: Value,
}

/// A client that goes nowhere but where it is told. Idle connections are closed soon, since servers
/// drop them without a word, and a write on such a one would be in doubt.
pub fn client(connect_timeout: Duration) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .http1_only()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(Duration::from_secs(4))
}

/// Sends `request` and takes the whole answer before `deadline`. The body of a success is read only
/// when it is `wanted`; `service` is what the time that it took is counted for.
pub async fn exchange(
    service: &'static str,
    request: RequestBuilder,
    wanted: bool,
    deadline: Instant,
) -> Result<Reply, Failure> {
    let start = Instant::now();
    let Some(left) = deadline.checked_duration_since(start).filter(|left| !left.is_zero()) else {
        return Err(Failure::NotSent("no time was left to ask".to_owned()));
    };
    fence::check().map_err(|why| Failure::NotSent(why.to_owned()))?;
    let result = answer(request.timeout(left), wanted).await;
    histogram!(CALL_SECONDS, "service" => service).record(Instant::now() - start);
    result
}

async fn answer(request: RequestBuilder, wanted: bool) -> Result<Reply, Failure> {
    let response = request.send().await.map_err(|error| of_transport(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    if status.is_success() {
        let body = if wanted { json(response).await? } else { Value::Null };
        return Ok(Reply { headers, body });
    }
    let body = if status.is_redirection() { Value::Null } else { json(response).await.unwrap_or_default() };
    Err(Failure::Refused { status: status.as_u16(), body })
}

fn of_transport(error: &reqwest::Error) -> Failure {
    match (error.is_connect() || error.is_builder(), error.is_timeout()) {
        (true, true) => Failure::NotSent("cannot connect: timed out".to_owned()),
        (true, false) => Failure::NotSent(format!("cannot connect: {}", root_cause(error))),
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
