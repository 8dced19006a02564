//! What ramdisks post: `/v1/continue[_inspection]/<run id>/<secret>`, and the plain paths.
//!
//! The same routes are served on every listener that a ramdisk can reach. **Invariant:** a run's
//! secret is verified before the body is read, and whoever has no right one learns nothing: the
//! answer, a log line and a counter are all that a refused post brings about (promise S9).

use std::{net::SocketAddr, sync::Arc};

use assay_core::{
    callback::{InstanceKey, parse_segments},
    id::{NodeId, RunId},
    limits::{self, Limits},
    microversion::{Endpoint, Microversion},
};
use assay_wire::{ramdisk, value};
use axum::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use metrics::counter;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    ApiError, BodyError, ConductorApi,
    extract::{Args, Asked, read_body},
};
use crate::metrics::{CALLBACKS_ACCEPTED, CALLBACKS_REFUSED};

/// What the callback routes need. Cheap to clone.
#[derive(Clone)]
pub struct Callbacks {
    /// Who takes the bodies.
    pub conductor: Arc<dyn ConductorApi>,
    /// The key that secrets are derived from.
    pub key: InstanceKey,
    /// What a body may be.
    pub limits: Limits,
    /// Serve the plain paths.
    pub plain: bool,
    /// KiB of bodies that may be in memory at once, over all listeners.
    pub room: Arc<Semaphore>,
}

/// The default of [`Callbacks::room`]: 64 MiB of bodies.
pub const ROOM_KIB: usize = 64 << 10;

/// All routes.
pub fn router(callbacks: Callbacks) -> Router {
    Router::new()
        .route("/v1/continue_inspection", post(plain::<202>))
        .route("/v1/continue", post(plain::<200>))
        .with_state(callbacks.clone())
        .merge(with_secrets(callbacks))
}

/// The routes with a run's secret in them.
pub fn with_secrets(callbacks: Callbacks) -> Router {
    Router::new()
        .route("/v1/continue/{run}/{secret}", post(with_secret::<200>))
        .route("/v1/continue_inspection/{run}/{secret}", post(with_secret::<202>))
        .route("/v1/continue/{run}", post(without_secret))
        .route("/v1/continue_inspection/{run}", post(without_secret))
        .with_state(callbacks)
}

/// The routes of a listener that has them switched off.
pub fn disabled() -> Router {
    let off = || async { ApiError::Forbidden("The ramdisk endpoints are switched off here.".to_owned()) };
    Router::new()
        .route("/v1/continue/{run}/{secret}", post(off))
        .route("/v1/continue_inspection/{run}/{secret}", post(off))
        .route("/v1/continue_inspection", post(off))
}

async fn with_secret<const STATUS: u16>(
    State(callbacks): State<Callbacks>,
    Path((run, secret)): Path<(String, String)>,
    request: Request,
) -> Response {
    let peer = peer(&request);
    let Some(run) = verified(&callbacks.key, &run, &secret) else {
        return refuse("secret", peer, BodyError::NotExpected("the secret is wrong".to_owned()).into());
    };
    let taken = async {
        let (body, _room) = callbacks.read(request).await?;
        Ok(callbacks.conductor.accept_body(run, body).await?)
    };
    let taken: Result<NodeId, ApiError> = taken.await;
    answer(taken, peer, StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK))
}

/// The path of a run without its secret.
async fn without_secret(request: Request) -> Response {
    refuse("secret", peer(&request), BodyError::NotExpected("there is no secret".to_owned()).into())
}

/// Who posts, for the log; unknown only where no listener is in front.
fn peer(request: &Request) -> Option<SocketAddr> {
    request.extensions().get().map(|ConnectInfo(peer)| *peer)
}

/// The run whose secret is presented. The run id is no secret; comparing the other takes the same
/// time whatever it is.
fn verified(key: &InstanceKey, run: &str, secret: &str) -> Option<RunId> {
    let (run, secret) = parse_segments(run, secret)?;
    key.verify(run, secret).then_some(run)
}

async fn plain<const STATUS: u16>(
    State(callbacks): State<Callbacks>,
    asked: Option<Extension<Asked>>,
    args: Args,
    request: Request,
) -> Response {
    let peer = peer(&request);
    let taken = async {
        let node = hint(args, asked.as_deref())?;
        if !callbacks.plain {
            return Err(BodyError::NotExpected("the plain path is switched off".to_owned()).into());
        }
        let (body, _room) = callbacks.read(request).await?;
        ramdisk::check(&limits::parse(&body, &callbacks.limits)?)?;
        Ok(callbacks.conductor.accept_plain_body(node, body).await?)
    };
    let taken: Result<NodeId, ApiError> = taken.await;
    answer(taken, peer, StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK))
}

/// The node that the request names. The stock ramdisk names neither a node nor a version; both
/// came into the API with the same version.
fn hint(Args(mut args): Args, asked: Option<&Asked>) -> Result<Option<NodeId>, ApiError> {
    let version = asked.map_or(Microversion::MAX, |asked| asked.version);
    let young = version.has(Endpoint::ContinueInspection.since());
    if !young && version != Microversion::MIN {
        let since = Endpoint::ContinueInspection.since();
        return Err(ApiError::NotFound(format!("API version 1.{since} or newer is required")));
    }
    args.check(version, |name| (name == "node_uuid").then_some(Endpoint::ContinueInspection.since()))?;
    Ok(args.take("node_uuid").map(|text| value::uuid("node_uuid", &text)).transpose()?.map(NodeId))
}

impl Callbacks {
    /// Reads a body within the limits, as long as there is room in memory for it.
    ///
    /// # Errors
    /// 413 or 503; 400 when it can't be JSON.
    pub async fn read(&self, request: Request) -> Result<(Bytes, OwnedSemaphorePermit), ApiError> {
        let (parts, body) = request.into_parts();
        let room = self.reserve(&parts.headers)?;
        let body: Bytes = read_body(Body::new(body), &self.limits).await?;
        limits::check(&body, &self.limits)?;
        Ok((body, room))
    }

    /// Room for what is announced, or for the largest body when nothing is.
    fn reserve(&self, headers: &HeaderMap) -> Result<OwnedSemaphorePermit, ApiError> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes: usize = announced.unwrap_or(self.limits.bytes);
        if bytes > self.limits.bytes {
            let limit = self.limits.bytes;
            return Err(ApiError::TooLarge(format!("The body has more than the {limit} bytes that are accepted.")));
        }
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(kib);
        room.map_err(|_| ApiError::Unavailable("Too many ramdisks post at once; try again.".to_owned()))
    }
}

fn answer(taken: Result<NodeId, ApiError>, peer: Option<SocketAddr>, status: StatusCode) -> Response {
    match taken {
        Ok(node) => {
            counter!(CALLBACKS_ACCEPTED).increment(1);
            (status, axum::Json(json!({"uuid": node}))).into_response()
        }
        Err(error) => refuse(reason(&error), peer, error),
    }
}

fn refuse(reason: &'static str, peer: Option<SocketAddr>, error: ApiError) -> Response {
    counter!(CALLBACKS_REFUSED, "reason" => reason).increment(1);
    let peer = peer.map(|peer| peer.to_string());
    tracing::warn!(reason, peer, "a ramdisk's post was refused: {error}");
    error.into_response()
}

fn reason(error: &ApiError) -> &'static str {
    match error {
        ApiError::Body(BodyError::NotExpected(_)) | ApiError::NotFound(_) => "not expected",
        ApiError::Body(BodyError::Locked { .. }) => "locked",
        ApiError::Body(BodyError::Busy(_)) | ApiError::Unavailable(_) => "busy",
        ApiError::TooLarge(_) => "too large",
        error if error.status().is_server_error() => "failed",
        _ => "malformed",
    }
}
