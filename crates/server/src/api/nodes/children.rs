//! `GET /v1/nodes/<node>/children`: the nodes that name this one as their parent.

use assay_core::microversion::Endpoint;
use assay_store::{
    nodes::{self, NodeFilter},
    page::Page,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::json;

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, ok},
    },
    find,
};

/// Their UUIDs, and the list that shows them.
pub async fn list(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Children)?;
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node.id;
    let filter = NodeFilter { parent_node: Some(node.0), ..NodeFilter::default() };
    let children = nodes::summaries(&api.store.read(), &filter, &Page::default()).await?;
    let ids: Vec<_> = children.iter().map(|child| child.id).collect();
    let link = format!("{}/v1/nodes?parent_node={node}", asked.base);
    ok(&json!({"children": ids, "links": {"href": link, "rel": "children"}}))
}
