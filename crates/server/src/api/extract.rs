//! What handlers take out of a request.

use std::{collections::BTreeMap, time::Duration};

use assay_core::{
    limits::{self, LimitError, Limits},
    microversion::{Endpoint, Microversion, TooOld},
};
use assay_wire::{Refusal, node::view::Context, query::Arguments};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderName, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use serde::Serialize;
use serde_json::Value;

use super::{Api, ApiError};

/// What the envelope found out about the request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The version that it is served in.
    pub version: Microversion,
    /// The public URL without the version of the API.
    pub base: String,
    /// The request's method.
    pub method: Method,
}

impl Asked {
    /// Refuses versions in which the endpoint does not exist, in the way of its family.
    ///
    /// # Errors
    /// 404, 405 or 406.
    pub fn needs(&self, endpoint: Endpoint) -> Result<(), ApiError> {
        if self.version.has(endpoint.since()) {
            return Ok(());
        }
        Err(match endpoint.too_old(self.method.as_str()) {
            TooOld::NotAcceptable => Refusal::NotAcceptable.into(),
            TooOld::NotFound => ApiError::NotFound("The requested resource could not be found.".to_owned()),
            TooOld::MethodNotAllowed => ApiError::MethodNotAllowed,
        })
    }

    /// What nodes of the answer are rendered with.
    #[must_use]
    pub fn context<'a>(&'a self, api: &'a Api) -> Context<'a> {
        Context { base: &self.base, version: self.version, conductor: &api.settings.host }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let asked = parts.extensions.get::<Self>().cloned();
        asked.ok_or_else(|| ApiError::Unavailable("The request came past the API's envelope.".to_owned()))
    }
}

/// The decoded query arguments.
pub struct Args(pub Arguments);

impl Args {
    /// The query arguments, none of which the endpoint has.
    ///
    /// # Errors
    /// 400 naming them.
    pub fn none(&self) -> Result<(), ApiError> {
        Ok(self.0.check(Microversion::MAX, |_| None)?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Args {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(pairs)) => Ok(Self(Arguments(pairs))),
            Err(error) => Err(ApiError::Invalid(format!("The query can't be read: {error}"))),
        }
    }
}

/// A JSON body within the limits of an ordinary request; null when there is none.
pub struct Json(pub Value);

/// A JSON body within the limits of a provision request.
pub struct ProvisionJson(pub Value);

impl FromRequest<Api> for Json {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Self::Rejection> {
        read_json(request.into_body(), &api.settings.limits).await.map(Self)
    }
}

impl FromRequest<Api> for ProvisionJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Self::Rejection> {
        read_json(request.into_body(), &api.settings.provision_limits).await.map(Self)
    }
}

async fn read_json(body: Body, limits: &Limits) -> Result<Value, ApiError> {
    let bytes = read_body(body, limits).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    Ok(limits::parse(&bytes, limits)?)
}

/// Reads a body that is not larger than the limit and comes in time.
///
/// # Errors
/// 413, or 400 when the client does not send what it announced.
pub async fn read_body(body: Body, limits: &Limits) -> Result<Bytes, ApiError> {
    let late = |_| ApiError::Invalid(format!("The body did not arrive within {} s.", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, collect(body, limits.bytes)).await.map_err(late)?
}

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

async fn collect(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::Invalid(format!("The body could not be read: {error}")))?;
        if bytes.len() + chunk.len() > limit {
            return Err(ApiError::TooLarge(format!("The body has more than the {limit} bytes that are accepted.")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

impl From<LimitError> for ApiError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}

/// 200 with a JSON body that is written once, straight into the answer.
///
/// # Errors
/// None in practice: the types that are rendered have only text keys.
pub fn ok(body: &impl Serialize) -> Result<Response, ApiError> {
    with_status(StatusCode::OK, body)
}

/// 201 with the new object and where it is.
///
/// # Errors
/// As [`ok`].
pub fn created(location: &str, body: &impl Serialize) -> Result<Response, ApiError> {
    let mut response = with_status(StatusCode::CREATED, body)?;
    add_header(&mut response, header::LOCATION, location);
    Ok(response)
}

/// 202 without a body, and where to look on.
#[must_use]
pub fn accepted(location: &str) -> Response {
    let mut response = StatusCode::ACCEPTED.into_response();
    add_header(&mut response, header::LOCATION, location);
    response
}

fn with_status(status: StatusCode, body: &impl Serialize) -> Result<Response, ApiError> {
    let bytes = serde_json::to_vec(body)
        .map_err(|error| ApiError::Unavailable(format!("The answer could not be written: {error}")))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

fn add_header(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

/// One object under one key, such as `{"ports": [...]}`.
#[must_use]
pub fn under<T: Serialize>(key: &'static str, value: T) -> BTreeMap<&'static str, T> {
    BTreeMap::from([(key, value)])
}
