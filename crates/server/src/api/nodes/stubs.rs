//! Parts of a node that there are none of here; clients ask all the same.

use assay_core::microversion::Endpoint;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::{
    super::{
        Api, ApiError,
        extract::{Asked, ok},
    },
    find,
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/{node}/portgroups", get(portgroups))
        .route("/{node}/portgroups/detail", get(portgroups))
        .route("/{node}/vifs", get(vifs))
        .route("/{node}/bios", get(bios))
        .route("/{node}/vendor_passthru/methods", get(methods))
}

async fn nothing(api: &Api, asked: &Asked, ident: &str, answer: Value) -> Result<Response, ApiError> {
    find(api, asked, ident).await?;
    ok(&answer)
}

async fn portgroups(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::NodePortgroups)?;
    nothing(&api, &asked, &ident, json!({"portgroups": []})).await
}

async fn vifs(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Vifs)?;
    nothing(&api, &asked, &ident, json!({"vifs": []})).await
}

async fn bios(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Bios)?;
    nothing(&api, &asked, &ident, json!({"bios": []})).await
}

async fn methods(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    nothing(&api, &asked, &ident, json!({})).await
}
