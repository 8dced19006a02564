//! `/v2.0/security-groups`.

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

const FILTERS: &[&str] = &["id", "name", "project_id", "tenant_id"];

/// The id of the group with this name.
pub(super) fn id(name: &str) -> String {
    id_of("security group", name).to_string()
}

pub(super) async fn list(
    State(cloud): State<Arc<CloudState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<Parameters>,
) -> Result<Json<Value>, Problem> {
    let groups = cloud.setup.security_groups.iter().map(|name| shown(name, caller.project.as_deref()));
    Ok(Json(json!({"security_groups": select(FILTERS, groups, &query)?})))
}

/// Every project sees the groups as its own.
fn shown(name: &str, project: Option<&str>) -> Value {
    json!({
        "id": id(name),
        "name": name,
        "stateful": true,
        "tenant_id": project,
        "project_id": project,
        "description": "",
        "shared": false,
        "security_group_rules": [],
        "tags": [],
        "created_at": "2026-11-23T05:14:49Z",
        "updated_at": "2026-11-23T05:14:49Z",
        "revision_number": 0,
    })
}
