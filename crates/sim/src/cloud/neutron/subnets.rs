//! `/v2.0/subnets`.

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
    setup::{FakeNetwork, FakeSubnet, keystone_id},
    state::CloudState,
};

const FILTERS: &[&str] =
    &["id", "name", "network_id", "project_id", "tenant_id", "ip_version", "cidr", "enable_dhcp", "ipv6_address_mode"];

pub(super) async fn list(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({"subnets": select(FILTERS, visible(&cloud, &caller), &query)?})))
}

pub(super) async fn show(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let subnet = visible(&cloud, &caller).find(|subnet| subnet["id"] == id.as_str());
    let subnet = subnet.ok_or_else(|| Problem::absent("SubnetNotFound", "Subnet", &id))?;
    Ok(Json(json!({"subnet": fields(subnet, &query)})))
}

fn visible(cloud: &CloudState, caller: &Caller) -> impl Iterator<Item = Value> {
    let networks = cloud.setup.networks.iter();
    let networks = networks.filter(|network| caller.sees(&keystone_id("project", &network.project)));
    networks.flat_map(|network| network.subnets.iter().map(|subnet| shown(network, subnet)))
}

fn shown(network: &FakeNetwork, subnet: &FakeSubnet) -> Value {
    let project = keystone_id("project", &network.project);
    let (version, mode) = if subnet.cidr.addr().is_ipv4() { (4, None) } else { (6, Some("dhcpv6-stateful")) };
    let pools: Vec<Value> = subnet.pool.iter().map(|(start, end)| json!({"start": start, "end": end})).collect();
    json!({
        "id": subnet.id,
        "name": format!("{}-v{version}", network.name),
        "project_id": project,
        "network_id": network.id,
        "ip_version": version,
        "subnetpool_id": null,
        "enable_dhcp": true,
        "ipv6_ra_mode": mode,
        "ipv6_address_mode": mode,
        "gateway_ip": subnet.cidr.hosts().next(),
        "cidr": subnet.cidr.to_string(),
        "allocation_pools": pools,
        "host_routes": [],
        "dns_nameservers": [],
        "description": "",
        "router:external": false,
        "service_types": [],
        "tags": [],
        "created_at": "2026-11-23T05:14:51Z",
        "updated_at": "2026-11-23T05:14:51Z",
        "revision_number": 0,
        "tenant_id": project,
    })
}
