//! `GET /v1/nodes/<node>/history`: the errors and events of a node.

use assay_core::microversion::Endpoint;
use assay_store::{history, page::Page};
use assay_wire::{node::view::time, query};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, ok},
    },
    find,
};

/// The list, oldest first.
pub async fn list(
    State(api): State<Api>,
    asked: Asked,
    Args(mut args): Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::History)?;
    let detail = args.take_boolean("detail")?.unwrap_or(false);
    let page = query::Page::take(&mut args, api.settings.max_limit)?;
    Args(args).none()?;
    let node = find(&api, &asked, &ident).await?.node;
    let cut =
        Page { limit: u64::try_from(page.limit).ok(), marker: page.marker, sort: None, descending: page.descending };
    let entries = history::list(&api.store.read(), node.id, &cut).await?;
    let url = format!("{}/v1/nodes/{}/history", asked.base, node.id);
    let shown: Vec<Value> = entries.iter().map(|entry| view(entry, &url, detail)).collect();
    let mut answer = json!({"history": shown});
    if let Some(next) = page.next(&url, &[], entries.len(), entries.last().map(|entry| entry.id)) {
        answer["next"] = next.into();
    }
    ok(&answer)
}

/// One entry, with everything that there is to it.
pub async fn one(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path((ident, entry)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::History)?;
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node;
    let entry = Uuid::try_parse(&entry)
        .map_err(|_| ApiError::NotFound(format!("History entry {entry} could not be found.")))?;
    let found = history::get(&api.store.read(), node.id, entry).await?;
    ok(&view(&found, &format!("{}/v1/nodes/{}/history", asked.base, node.id), true))
}

fn view(entry: &history::Entry, url: &str, detail: bool) -> Value {
    let mut view = json!({
        "uuid": entry.id,
        "created_at": time(Some(entry.created_at)),
        "severity": entry.severity,
        "event": entry.event,
        "links": [{"href": format!("{url}/{}", entry.id), "rel": "self"}],
    });
    if detail {
        view["event_type"] = json!(entry.event_type);
        view["conductor"] = json!(entry.conductor);
        view["user"] = json!(entry.user);
    }
    view
}
