//! The virtual drive of each machine. What is in it is not booted: machines that boot are those of the network.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    Refusal, machine,
    resources::{collection, path},
};
use crate::world::Fleet;

pub(super) async fn drives(State(fleet): State<Arc<Fleet>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let path = format!("{}/VirtualMedia", path(machine(&fleet, &id)?));
    let only = json!({"@odata.id": format!("{path}/Cd")});
    Ok(Json(collection(&path, "VirtualMediaCollection", &[only])))
}

pub(super) async fn drive(State(fleet): State<Arc<Fleet>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let machine = machine(&fleet, &id)?;
    let (path, disc) = (format!("{}/VirtualMedia/Cd", path(machine)), machine.state().disc);
    let action = |name: &str| json!({"target": format!("{path}/Actions/VirtualMedia.{name}")});
    Ok(Json(json!({
        "@odata.id": path,
        "Id": "Cd",
        "MediaTypes": ["CD", "DVD"],
        "Image": disc,
        "Inserted": disc.is_some(),
        "Actions": {"#VirtualMedia.InsertMedia": action("InsertMedia"), "#VirtualMedia.EjectMedia": action("EjectMedia")},
    })))
}

pub(super) async fn insert(
    State(fleet): State<Arc<Fleet>>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<StatusCode, Refusal> {
    let image = body["Image"].as_str().ok_or(Refusal(StatusCode::BAD_REQUEST, "Image is missing"))?;
    machine(&fleet, &id)?.change(|state| state.disc = Some(image.to_owned()));
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn eject(State(fleet): State<Arc<Fleet>>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    machine(&fleet, &id)?.change(|state| state.disc = None);
    Ok(StatusCode::NO_CONTENT)
}
