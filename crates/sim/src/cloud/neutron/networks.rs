//! `/v2.0/networks`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
};
use serde_json::{Value, json};

use super::{
    caller::Caller,
    listing::{Parameters, fields, select},
    problem::Problem,
};
use crate::cloud::{
    setup::{CloudSetup, FakeNetwork, keystone_id},
    state::CloudState,
};

const FILTERS: &[&str] = &[
    "id",
    "name",
    "project_id",
    "tenant_id",
    "status",
    "shared",
    "admin_state_up",
    "provider:physical_network",
    "provider:segmentation_id",
    "provider:network_type",
];

/// The network with this id, if the caller may know of it.
pub(super) fn find<'a>(setup: &'a CloudSetup, caller: &Caller, id: &str) -> Result<&'a FakeNetwork, Problem> {
    let mut visible = setup.networks.iter().filter(|network| sees(caller, network));
    visible
        .find(|network| network.id.to_string() == id)
        .ok_or_else(|| Problem::absent("NetworkNotFound", "Network", id))
}

fn sees(caller: &Caller, network: &FakeNetwork) -> bool {
    caller.sees(&keystone_id("project", &network.project))
}

pub(super) async fn list(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let visible = cloud.setup.networks.iter().filter(|network| sees(&caller, network));
    let networks = select(FILTERS, visible.map(|network| shown(network, &caller)), &query)?;
    Ok(Json(json!({"networks": networks})))
}

pub(super) async fn show(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let network = find(&cloud.setup, &caller, &id)?;
    Ok(Json(json!({"network": fields(shown(network, &caller), &query)})))
}

fn shown(network: &FakeNetwork, caller: &Caller) -> Value {
    let project = keystone_id("project", &network.project);
    let mut shown = json!({
        "id": network.id,
        "name": network.name,
        "tenant_id": project,
        "project_id": project,
        "admin_state_up": true,
        "mtu": 1500,
        "status": "ACTIVE",
        "subnets": network.subnets.iter().map(|subnet| subnet.id).collect::<Vec<_>>(),
        "shared": false,
        "availability_zone_hints": [],
        "availability_zones": if network.subnets.is_empty() { json!([]) } else { json!(["nova"]) },
        "ipv4_address_scope": null,
        "ipv6_address_scope": null,
        "router:external": false,
        "description": "",
        "port_security_enabled": network.port_security,
        "tags": [],
        "created_at": "2026-11-23T05:14:51Z",
        "updated_at": "2026-11-23T05:14:51Z",
        "revision_number": 2,
    });
    if caller.sees_all() {
        shown["provider:network_type"] = json!("vlan");
        shown["provider:physical_network"] = json!(network.physical_network);
        shown["provider:segmentation_id"] = json!(network.vlan);
    }
    shown
}
