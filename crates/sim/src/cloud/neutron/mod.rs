//! A Neutron: what Assay asks of networks, subnets, security groups and agents, and all of ports.

mod agents;
mod caller;
mod groups;
mod listing;
mod networks;
mod ports;
mod problem;
mod subnets;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

pub(super) use ports::Ports;

use super::{
    gate::{Gate, gate},
    state::CloudState,
};
use problem::Problem;

/// The routes of Neutron. Only the list of versions is public.
pub(super) fn router(gate_of_neutron: Gate) -> Router {
    let cloud = gate_of_neutron.cloud.clone();
    Router::new()
        .route("/v2.0/", get(resources))
        .route("/v2.0/networks", get(networks::list))
        .route("/v2.0/networks/{id}", get(networks::show))
        .route("/v2.0/subnets", get(subnets::list))
        .route("/v2.0/subnets/{id}", get(subnets::show))
        .route("/v2.0/security-groups", get(groups::list))
        .route("/v2.0/agents", get(agents::list))
        .route("/v2.0/ports", get(ports::list).post(ports::create))
        .route("/v2.0/ports/{id}", get(ports::show).put(ports::update).delete(ports::delete))
        .fallback(|| async { Problem::no_path() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(from_fn_with_state(cloud.clone(), caller::authorise))
        .route("/", get(versions))
        .layer(from_fn_with_state(gate_of_neutron, gate))
        .with_state(cloud)
}

/// A refusal for a planned fault.
pub(super) fn refuse(status: StatusCode) -> Response {
    Problem::new(status, "HTTPRefused", "The request was refused.").into_response()
}

async fn versions(State(cloud): State<Arc<CloudState>>) -> Json<Value> {
    let links = json!([{"rel": "self", "href": format!("{}/v2.0/", cloud.neutron_url)}]);
    Json(json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}))
}

async fn resources(State(cloud): State<Arc<CloudState>>) -> Json<Value> {
    let resource = |name: &str| {
        let href = format!("{}/v2.0/{name}s", cloud.neutron_url);
        json!({"name": name, "collection": format!("{name}s"), "links": [{"rel": "self", "href": href}]})
    };
    let all: Vec<Value> = ["network", "subnet", "subnetpool", "port"].into_iter().map(resource).collect();
    Json(json!({"resources": all}))
}
