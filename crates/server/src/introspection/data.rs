//! `GET /v1/introspection/<node>/data[/unprocessed]`: what the last introspection found.

use std::collections::BTreeMap;

use assay_core::{id::NodeId, limits::Limits};
use assay_store::{
    StoreError, bodies,
    inspections::{self, Inspection},
};
use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::value::RawValue;

use super::{IntrospectionApi, Refused, status::node};
use crate::api::extract::ok;

/// What the hooks made of it: their own findings and the inventory, in one object.
pub async fn processed(State(api): State<IntrospectionApi>, Path(ident): Path<String>) -> Result<Response, Refused> {
    let found = latest(&api, &ident, true).await?;
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        table: "inspections",
        id: found.node.to_string(),
        why: error.to_string(),
    };
    let mut data: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&found.plugin_data).map_err(corrupt)?;
    data.insert("inventory".to_owned(), RawValue::from_string(found.inventory.clone()).map_err(corrupt)?);
    Ok(ok(&data)?)
}

/// What the ramdisk posted, byte by byte.
pub async fn unprocessed(State(api): State<IntrospectionApi>, Path(ident): Path<String>) -> Result<Response, Refused> {
    let found = latest(&api, &ident, false).await?;
    let conn = api.store.read();
    let body = bodies::of_run(&conn, found.run).await?.ok_or_else(|| absent(found.node, false))?;
    let bytes = bodies::get(&conn, body.id, Limits::RAMDISK.bytes).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

async fn latest(api: &IntrospectionApi, ident: &str, processed: bool) -> Result<Inspection, Refused> {
    let conn = api.store.read();
    let unknown = || Refused::not_found(format!("Node {ident} was not found in Ironic"));
    let node = node(&conn, ident).await?.ok_or_else(unknown)?;
    inspections::latest(&conn, node).await.map_err(|error| match error {
        StoreError::NotFound { .. } => absent(node, processed),
        failure => failure.into(),
    })
}

fn absent(node: NodeId, processed: bool) -> Refused {
    let processed = if processed { "True" } else { "False" };
    Refused::not_found(format!("Introspection data not found for node {node}, processed={processed}"))
}
