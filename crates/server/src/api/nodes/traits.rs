//! `/v1/nodes/<node>/traits`.

use std::collections::BTreeSet;

use assay_core::{microversion::Endpoint, node::Node, traits::check_traits};
use assay_wire::{Refusal, traits};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, Json, ok, under},
        locked::edit_node,
    },
    find,
};

/// All traits.
pub async fn list(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Traits)?;
    args.none()?;
    ok(&under("traits", find(&api, &asked, &ident).await?.node.traits))
}

/// Other traits in place of all.
pub async fn replace(
    State(api): State<Api>,
    asked: Asked,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<StatusCode, ApiError> {
    asked.needs(Endpoint::Traits)?;
    let new = traits::parse(&body)?;
    change(&api, &asked, &ident, move |_| Ok(new.clone())).await
}

/// No traits.
pub async fn clear(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<StatusCode, ApiError> {
    asked.needs(Endpoint::Traits)?;
    change(&api, &asked, &ident, |_| Ok(BTreeSet::new())).await
}

/// One more.
pub async fn add(
    State(api): State<Api>,
    asked: Asked,
    Path((ident, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    asked.needs(Endpoint::Traits)?;
    change(&api, &asked, &ident, move |node| {
        let mut traits = node.traits.clone();
        traits.insert(name.clone());
        Ok(traits)
    })
    .await
}

/// One less.
pub async fn remove(
    State(api): State<Api>,
    asked: Asked,
    Path((ident, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    asked.needs(Endpoint::Traits)?;
    change(&api, &asked, &ident, move |node| {
        let mut traits = node.traits.clone();
        if traits.remove(&name) {
            return Ok(traits);
        }
        Err(ApiError::NotFound(format!("Node {} doesn't have a trait '{name}'", node.id)))
    })
    .await
}

async fn change(
    api: &Api,
    asked: &Asked,
    ident: &str,
    new: impl Fn(&Node) -> Result<BTreeSet<String>, ApiError> + Send + Sync + 'static,
) -> Result<StatusCode, ApiError> {
    find(api, asked, ident).await?;
    edit_node(api, ident, move |node| {
        let traits = new(node)?;
        check_traits(node.id, &traits).map_err(Refusal::from)?;
        Ok(Node { traits, ..node.clone() })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
