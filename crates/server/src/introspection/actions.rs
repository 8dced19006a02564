//! `POST /v1/introspection/<node>[/abort]`: introspections that nobody asked the bare metal API for.

use assay_wire::introspection::manage_boot;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    IntrospectionApi, Refused,
    status::{last_run, node},
};
use crate::api::extract::Args;

/// Starts one. The node's provision state and networks stay as they are.
pub async fn start(
    State(api): State<IntrospectionApi>,
    Path(ident): Path<String>,
    Args(mut arguments): Args,
) -> Result<Response, Refused> {
    let manage_boot = manage_boot(&mut arguments)?;
    let unknown = || Refused::not_found(format!("Node {ident} was not found in Ironic"));
    let node = node(&api.store.read(), &ident).await?.ok_or_else(unknown)?;
    api.conductor.introspect(node, manage_boot).await?;
    Ok(accepted())
}

/// Ends one, whoever started it; one that has ended may be ended again.
pub async fn abort(State(api): State<IntrospectionApi>, Path(ident): Path<String>) -> Result<Response, Refused> {
    let node = last_run(&api.store.read(), &ident).await?.1.node;
    api.conductor.abort_introspection(node).await?;
    Ok(accepted())
}

/// The field's own body of a 202, to the byte.
fn accepted() -> Response {
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], "{}\n").into_response()
}
