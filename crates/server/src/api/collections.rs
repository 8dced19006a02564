//! The version documents, collections that hold nothing yet, and paths that lead nowhere.

use assay_core::microversion::Endpoint;
use assay_wire::{fault, root as documents};
use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{Api, ApiError, extract::Asked};

/// Collections of kinds of which there is nothing here.
pub fn router() -> Router<Api> {
    Router::new()
        .route("/v1/chassis", get(|| async { Json(json!({"chassis": []})) }))
        .route("/v1/chassis/{id}", get(no_chassis))
        .route("/v1/portgroups", get(portgroups))
        .route("/v1/portgroups/detail", get(portgroups))
        .route("/v1/portgroups/{id}", get(no_portgroup))
}

/// `GET /`.
pub async fn root(asked: Asked) -> Json<Value> {
    Json(documents::root(&asked.base))
}

/// `GET /v1`.
pub async fn v1(asked: Asked) -> Json<Value> {
    Json(documents::v1(&asked.base, asked.version))
}

async fn no_chassis(Path(id): Path<String>) -> ApiError {
    ApiError::NotFound(format!("Chassis {id} could not be found."))
}

async fn portgroups(asked: Asked) -> Result<Json<Value>, ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    Ok(Json(json!({"portgroups": []})))
}

async fn no_portgroup(asked: Asked, Path(id): Path<String>) -> Result<(), ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    Err(ApiError::NotFound(format!("Portgroup {id} could not be found.")))
}

/// A path that nothing is served at.
pub async fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, Json(fault::router_body(404, "Not Found", ""))).into_response()
}

/// A path that is served with other methods.
pub async fn unknown_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, Json(fault::router_body(405, "Method Not Allowed", ""))).into_response()
}
