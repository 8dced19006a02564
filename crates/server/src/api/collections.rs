//! The version documents, the shards of nodes, and paths that lead nowhere.

use assay_core::microversion::Endpoint;
use assay_store::nodes;
use assay_wire::{fault, root as documents};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    Api, ApiError,
    extract::{Args, Asked, ok, under},
};

/// `GET /`.
pub async fn root(asked: Asked) -> Json<Value> {
    Json(documents::root(&asked.base))
}

/// `GET /v1`.
pub async fn v1(asked: Asked) -> Json<Value> {
    Json(documents::v1(&asked.base, asked.version))
}

/// `GET /v1/shards`: how many nodes each shard has; those that are in none are counted as `None`.
pub async fn shards(State(api): State<Api>, asked: Asked, args: Args) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Shards)?;
    args.none()?;
    let shards = nodes::shards(&api.store.read()).await?.into_iter();
    let shown = shards.map(|(name, count)| json!({"name": name.as_deref().unwrap_or("None"), "count": count}));
    ok(&under("shards", shown.collect::<Vec<_>>()))
}

/// A path that nothing is served at.
pub async fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, Json(fault::router_body(404, "Not Found", ""))).into_response()
}

/// A path that is served with other methods.
pub async fn unknown_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, Json(fault::router_body(405, "Method Not Allowed", ""))).into_response()
}
