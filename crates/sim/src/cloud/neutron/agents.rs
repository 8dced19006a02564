//! `/v2.0/agents`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Query, State},
};
use serde_json::{Value, json};

use super::{
    caller::Caller,
    listing::{Parameters, select},
    problem::Problem,
};
use crate::cloud::{setup::id_of, state::CloudState};

const FILTERS: &[&str] = &["id", "host", "agent_type", "binary", "alive", "admin_state_up"];

pub(super) async fn list(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let visible = cloud.setup.agents.iter().filter(|_| caller.sees_all());
    let agents = select(FILTERS, visible.map(|(host, alive)| shown(host, *alive)), &query)?;
    Ok(Json(json!({"agents": agents})))
}

fn shown(host: &str, alive: bool) -> Value {
    json!({
        "id": id_of("agent", host),
        "agent_type": "Open vSwitch agent",
        "binary": "neutron-openvswitch-agent",
        "topic": "N/A",
        "host": host,
        "admin_state_up": true,
        "created_at": "2026-11-23 05:14:49.100207",
        "started_at": "2026-11-23 05:15:19.049151",
        "heartbeat_timestamp": "2026-11-23 05:16:49.047169",
        "description": null,
        "resources_synced": null,
        "availability_zone": null,
        "alive": alive,
        "configurations": {"baremetal_smartnic": true},
    })
}
