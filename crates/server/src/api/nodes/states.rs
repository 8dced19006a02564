//! `/v1/nodes/<node>/states`: what a node is in, and the verbs that take it elsewhere.

use std::time::Duration;

use assay_core::{
    id::NodeId,
    microversion::{Endpoint, Microversion, NodeField, verb_since},
    node::Node,
    power::{PowerState, PowerTarget},
    provision::{ProvisionEvent, ProvisionState, Verb, transition},
};
use assay_store::nodes::NodeRow;
use assay_wire::{
    Refusal, fields,
    node::NodeView,
    states::{PowerRequest, ProvisionRequest},
};
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{get, put},
};

use super::{
    super::{
        Api, ApiError, ConductorError,
        extract::{Args, Asked, Json, ProvisionJson, accepted, ok},
        locked::{patiently, refuse_locked},
    },
    find, states_of,
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", get(show))
        .route("/provision", put(provision))
        .route("/power", put(power))
        .route("/raid", put(raid))
}

const FIELDS: &[NodeField] = &[
    NodeField::ConsoleEnabled,
    NodeField::LastError,
    NodeField::PowerState,
    NodeField::ProvisionState,
    NodeField::TargetPowerState,
    NodeField::TargetProvisionState,
    NodeField::ProvisionUpdatedAt,
    NodeField::RaidConfig,
    NodeField::TargetRaidConfig,
    NodeField::BootMode,
    NodeField::SecureBoot,
];

async fn show(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.none()?;
    let row = find(&api, &asked, &ident).await?;
    ok(&NodeView { node: &row.node, fields: &fields::known(FIELDS, asked.version), context: asked.context(&api) })
}

async fn provision(
    State(api): State<Api>,
    asked: Asked,
    Path(ident): Path<String>,
    ProvisionJson(body): ProvisionJson,
) -> Result<Response, ApiError> {
    let request = ProvisionRequest::parse(&body)?;
    let row = find(&api, &asked, &ident).await?;
    let event = provision_event(&row, &request.target, asked.version)?;
    let node = row.node.id;
    patiently(&api, || async { Ok(api.conductor.provision(node, event).await?) }).await?;
    Ok(accepted(&states_of(&asked, node)))
}

/// The event that a verb stands for. A verb that the state does not take is refused as such only
/// when nobody is at work on the node: then the state may be about to change.
fn provision_event(row: &NodeRow, target: &str, version: Microversion) -> Result<ProvisionEvent, ApiError> {
    let node = &row.node;
    let refused = || invalid_state(target, node.id, node.provision_state.as_str());
    let verb = Verb::parse(target).ok_or_else(refused)?;
    if !version.has(verb_since(verb, node.provision_state)) {
        return Err(Refusal::NotAcceptable.into());
    }
    match verb.event().filter(|event| transition(node.provision_state, *event).is_some()) {
        Some(event) => Ok(event),
        None => {
            refuse_locked(row)?;
            Err(refused())
        }
    }
}

fn invalid_state(action: &str, node: NodeId, state: &str) -> ApiError {
    ApiError::Invalid(format!(
        "The requested action \"{action}\" can not be performed on node \"{node}\" while it is in state \"{state}\"."
    ))
}

async fn power(
    State(api): State<Api>,
    asked: Asked,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<Response, ApiError> {
    let request = PowerRequest::parse(&body)?;
    let node = find(&api, &asked, &ident).await?.node;
    let target = power_target(&node, &request, &asked)?;
    let timeout = request.timeout.map(|seconds| Duration::from_secs(seconds.into()));
    patiently(&api, || async { Ok(api.conductor.set_power(node.id, target, timeout).await?) }).await?;
    Ok(accepted(&states_of(&asked, node.id)))
}

fn power_target(node: &Node, request: &PowerRequest, asked: &Asked) -> Result<PowerTarget, ApiError> {
    let refused = |state| invalid_state(&request.target, node.id, state);
    let target = PowerTarget::parse(&request.target)
        .ok_or_else(|| refused(node.power_state.map_or("None", PowerState::as_str)))?;
    if matches!(target, PowerTarget::SoftOff | PowerTarget::SoftReboot) || request.timeout.is_some() {
        asked.needs(Endpoint::SoftPower)?;
    }
    if matches!(node.provision_state, ProvisionState::Cleaning | ProvisionState::CleanWait) {
        return Err(refused(node.provision_state.as_str()));
    }
    if node.disable_power_off && matches!(target, PowerTarget::Off | PowerTarget::SoftOff) {
        let text = format!("Failed to set node power state to {target}: node {} has disable_power_off set.", node.id);
        return Err(ConductorError::Conflict(text).into());
    }
    Ok(target)
}

async fn raid(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::RaidConfig)?;
    let node = find(&api, &asked, &ident).await?.node;
    Err(ApiError::NotFound(format!("Driver {} has no RAID configuration.", node.driver)))
}
