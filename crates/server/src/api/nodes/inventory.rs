//! `GET /v1/nodes/<node>/inventory`: what the last inspection found.

use assay_core::microversion::Endpoint;
use assay_store::{StoreError, inspections};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, ok},
    },
    find,
};

/// The stored texts, which go through unread.
#[derive(Serialize)]
struct Inventory {
    inventory: Box<RawValue>,
    plugin_data: Box<RawValue>,
}

/// The inventory and what the hooks added.
pub async fn get(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Inventory)?;
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node;
    let found = inspections::latest(&api.store.read(), node.id).await.map_err(|error| match error {
        StoreError::NotFound { .. } => {
            ApiError::NotFound(format!("Node inventory record for node {} could not be found.", node.id))
        }
        other => other.into(),
    })?;
    let raw = |text| {
        RawValue::from_string(text).map_err(|error| StoreError::Corrupt {
            table: "inspections",
            id: node.id.to_string(),
            why: error.to_string(),
        })
    };
    ok(&Inventory { inventory: raw(found.inventory)?, plugin_data: raw(found.plugin_data)? })
}
