//! `GET /v1/nodes/<node>/timeline`: what was seen of the node's inspection, live. Assay's own:
//!
//! `{"run": <run id>, "phase": "wait", "events": [{"at": <time>, "event": "dhcp", "text": …}, …]}`
//!
//! The run is the node's latest inspection, or its latest run of any kind if it was never
//! inspected; without one, all three are null or empty. Upstream has no such path, so no
//! microversion hides it, and it is no part of what the version document promises.

use assay_store::{runs, timeline};
use assay_wire::node::view::time;
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, ok},
    },
    find,
};

/// The timeline, oldest event first.
pub async fn get(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node.id;
    let conn = api.store.read();
    let run = match runs::last_of_node(&conn, node, Some("inspect")).await? {
        Some(run) => Some(run),
        None => runs::last_of_node(&conn, node, None).await?,
    };
    let Some(run) = run else { return ok(&json!({"run": null, "phase": null, "events": []})) };
    let entries = timeline::list(&conn, run.id).await?;
    let events: Vec<Value> = entries
        .into_iter()
        .map(|entry| json!({"at": time(Some(entry.at)), "event": entry.event, "text": entry.text}))
        .collect();
    ok(&json!({"run": run.id, "phase": run.phase, "events": events}))
}
