//! Images from web servers: their version, and their content.

use std::{path::Path, time::Duration};

use futures::StreamExt;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ETAG, LAST_MODIFIED},
    redirect::Policy,
};
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncWriteExt};

use super::source::hex;
use crate::{cause::root_cause, verify_ca::VerifyCa};

/// Why a web server is of no use now.
#[derive(Debug, PartialEq, Eq)]
pub enum WebError {
    /// It may be, later: an image from the cache will do in the meantime.
    Away(String),
    /// It says that there is no such image, or gives one that is wrong.
    Wrong(String),
}

/// A file that was fetched.
pub struct Fetched {
    /// What changes when the image does; its digest where the server doesn't say.
    pub version: String,
    /// The SHA-256, in lower case hex.
    pub sha256: String,
}

/// A client for image servers. `idle` is how long a server may be silent.
pub async fn client(verify_ca: &VerifyCa, idle: Duration) -> Result<Client, String> {
    let builder = Client::builder()
        .redirect(Policy::limited(5))
        .connect_timeout(Duration::from_secs(10).min(idle))
        .read_timeout(idle);
    verify_ca.trusted_by(builder).await?.build().map_err(|error| root_cause(&error))
}

/// What changes when the image does, if the server says so without sending it.
pub async fn version(client: &Client, url: &Url) -> Result<Option<String>, WebError> {
    let response = client.head(url.clone()).send().await.map_err(|error| away(&error))?;
    match response.status() {
        status if status.is_success() => Ok(version_in(&response)),
        // Some servers know no HEAD, or sign URLs for GET only.
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED | StatusCode::FORBIDDEN => Ok(None),
        status => Err(refusal(status)),
    }
}

/// Fetches an image of at most `limit` bytes; `admit` is told its length, if the server tells it.
pub async fn download(
    client: &Client,
    url: &Url,
    into: &Path,
    limit: u64,
    admit: impl Fn(u64) -> Result<(), WebError>,
) -> Result<Fetched, WebError> {
    let response = client.get(url.clone()).send().await.map_err(|error| away(&error))?;
    if !response.status().is_success() {
        return Err(refusal(response.status()));
    }
    let (promised, version) = (response.content_length(), version_in(&response));
    admit(promised.unwrap_or(0))?;
    let local = |error: std::io::Error| WebError::Wrong(error.to_string());
    let mut file = File::create(into).await.map_err(local)?;
    let (mut size, mut hash) = (0_u64, Sha256::new());
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| away(&error))?;
        size += chunk.len() as u64;
        if size > limit {
            return Err(WebError::Wrong(format!("it is larger than the image cache, {} MiB", limit >> 20)));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(local)?;
    }
    file.flush().await.map_err(local)?;
    if size == 0 || promised.is_some_and(|promised| promised != size) {
        return Err(WebError::Away(format!("got {size} bytes of {}", promised.unwrap_or(0))));
    }
    admit(size)?;
    let sha256 = hex(&hash.finalize());
    Ok(Fetched { version: version.unwrap_or_else(|| sha256.clone()), sha256 })
}

fn version_in(response: &Response) -> Option<String> {
    let header =
        |name| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    header(ETAG).or_else(|| header(LAST_MODIFIED))
}

fn away(error: &reqwest::Error) -> WebError {
    WebError::Away(if error.is_timeout() { "no answer in time".to_owned() } else { root_cause(error) })
}

fn refusal(status: StatusCode) -> WebError {
    if status.is_client_error() {
        WebError::Wrong(format!("HTTP {status}"))
    } else {
        WebError::Away(format!("HTTP {status}"))
    }
}
