//! `POST /v1/nodes`.

use assay_core::{id::NodeId, node::Node};
use assay_drivers::registry::RegistryError;
use assay_store::nodes;
use assay_wire::{
    fields,
    node::{self, NodeView},
};
use axum::{extract::State, response::Response};
use chrono::Utc;
use uuid::Uuid;

use super::super::{
    Api, ApiError,
    extract::{Args, Asked, Json, created},
};

/// Enrols a node.
pub async fn create(State(api): State<Api>, asked: Asked, args: Args, body: Json) -> Result<Response, ApiError> {
    args.none()?;
    let mut node = node::create(&body.0, asked.version, NodeId(Uuid::new_v4()), Utc::now())?;
    if node.conductor_group.is_empty() {
        node.conductor_group.clone_from(&api.settings.default_conductor_group);
    }
    node.resource_class = node.resource_class.or_else(|| api.settings.default_resource_class.clone());
    settle(&api, &mut node)?;
    let stored = node.clone();
    api.store.write(move |tx| Box::pin(async move { nodes::insert(tx, &stored).await })).await?;
    let view = NodeView { node: &node, fields: &fields::all(asked.version), context: asked.context(&api) };
    created(&format!("{}/v1/nodes/{}", asked.base, node.id), &view)
}

/// Checks the interfaces that a node names, and fills in the others.
///
/// # Errors
/// 400 naming the driver or interface that it can't have.
pub fn settle(api: &Api, node: &mut Node) -> Result<(), ApiError> {
    if let Some(chassis) = node.chassis_uuid {
        return Err(ApiError::Invalid(format!("Chassis {chassis} could not be found.")));
    }
    node.interfaces = api.registry.complete(&node.driver, &node.interfaces).map_err(|error| match error {
        RegistryError::DriverNotFound(driver) => ApiError::Invalid(format!(
            "No valid host was found. Reason: No conductor service registered which supports driver {driver} for \
             conductor group \"{}\". Ensure the driver is valid and enabled.",
            node.conductor_group
        )),
        other => other.into(),
    })?;
    Ok(())
}
