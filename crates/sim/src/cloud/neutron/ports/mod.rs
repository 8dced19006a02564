//! `/v2.0/ports`.

mod addresses;
mod attributes;
mod binding;
mod change;
mod create;
mod dhcp_options;
mod policy;
mod port;
mod store;

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use bytes::Bytes;
use serde_json::{Value, json};

pub(in crate::cloud) use store::Ports;

use super::{
    caller::Caller,
    listing::{Parameters, fields, select},
    problem::Problem,
};
use crate::{cloud::state::CloudState, world::locked};

const FILTERS: &[&str] = &[
    "id",
    "name",
    "network_id",
    "project_id",
    "tenant_id",
    "mac_address",
    "device_id",
    "device_owner",
    "status",
    "admin_state_up",
    "binding:host_id",
    "description",
];

pub(super) async fn list(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let ports = select(FILTERS, locked(&cloud.ports).visible(&caller), &query)?;
    Ok(Json(json!({"ports": ports})))
}

pub(super) async fn show(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let port = locked(&cloud.ports).find(&caller, &id)?.shown_to(&caller);
    Ok(Json(json!({"port": fields(port, &query)})))
}

pub(super) async fn create(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let values = attributes::parse(&body)?;
    let port = locked(&cloud.ports).create(&cloud.setup, &caller, values)?;
    Ok((StatusCode::CREATED, Json(json!({"port": port}))))
}

pub(super) async fn update(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let values = attributes::parse(&body)?;
    let port = locked(&cloud.ports).change(&cloud.setup, &caller, &id, values)?;
    Ok(Json(json!({"port": port})))
}

pub(super) async fn delete(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    locked(&cloud.ports).delete(&caller, &id)?;
    Ok(StatusCode::NO_CONTENT)
}
