//! `GET`, `PATCH` and `DELETE` of one node.

use std::sync::Arc;

use assay_core::{
    microversion::{Endpoint, NodeField, NodeQuery},
    update,
};
use assay_wire::{
    fields,
    node::{self, NodeView},
    patch::{self, Operation},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, Json, ok},
        locked::{edit_node, patiently},
    },
    create::settle,
    find,
};

/// `GET /v1/nodes/<node>`.
pub async fn get(
    State(api): State<Api>,
    asked: Asked,
    Args(mut args): Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.check(asked.version, |name| (name == "fields").then_some(NodeQuery::Fields.since()))?;
    let fields = fields::of_one(args.take("fields"), asked.version)?;
    let row = find(&api, &asked, &ident).await?;
    ok(&NodeView { node: &row.node, fields: &fields, context: asked.context(&api) })
}

/// `PATCH /v1/nodes/<node>`.
pub async fn patch(
    State(api): State<Api>,
    asked: Asked,
    Args(mut args): Args,
    Path(ident): Path<String>,
    body: Json,
) -> Result<Response, ApiError> {
    args.check(asked.version, |name| (name == "reset_interfaces").then_some(Endpoint::ResetInterfaces.since()))?;
    let reset = args.take_boolean("reset_interfaces")?.unwrap_or(false);
    let operations: Arc<[Operation]> = patch::parse(&body.0)?.into();
    if reset && operations.iter().all(|operation| operation.root() != NodeField::Driver.as_str()) {
        let text = "The reset_interfaces parameter can only be used when changing the node's driver.";
        return Err(ApiError::Invalid(text.to_owned()));
    }
    find(&api, &asked, &ident).await?;
    let (editor, version) = (api.clone(), asked.version);
    let changed = edit_node(&api, &ident, move |node| {
        let mut changed = node::patch(node, &operations, version)?;
        if reset {
            changed.interfaces.retain(|kind, _| operations.iter().any(|operation| operation.root() == kind.field()));
        }
        settle(&editor, &mut changed)?;
        update::may_update(node, &changed, version)?;
        Ok(changed)
    })
    .await?;
    ok(&NodeView { node: &changed, fields: &fields::all(asked.version), context: asked.context(&api) })
}

/// `DELETE /v1/nodes/<node>`.
pub async fn delete(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<StatusCode, ApiError> {
    args.none()?;
    patiently(&api, || async {
        let node = find(&api, &asked, &ident).await?.node;
        update::may_delete(&node, api.settings.delete_available)?;
        Ok(api.conductor.delete_node(node.id).await?)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
