//! The resources of the BMC, as JSON.

use std::sync::Arc;

use assay_core::power::PowerState;
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{Refusal, gate::Lie, machine};
use crate::{machine::Machine, world::Fleet};

const TARGETS: [&str; 5] = ["None", "Pxe", "Hdd", "Cd", "UefiHttp"];

pub(super) async fn root() -> Json<Value> {
    Json(json!({
        "@odata.id": "/redfish/v1/",
        "@odata.type": "#ServiceRoot.v1_5_0.ServiceRoot",
        "Id": "RootService",
        "Name": "Root Service",
        "RedfishVersion": "1.5.0",
        "UUID": "85775665-c110-4b85-8989-e6162170b3ec",
        "Systems": {"@odata.id": "/redfish/v1/Systems"},
        "SessionService": {"@odata.id": "/redfish/v1/SessionService"},
        "Links": {"Sessions": {"@odata.id": "/redfish/v1/SessionService/Sessions"}},
    }))
}

pub(super) async fn systems(State(fleet): State<Arc<Fleet>>) -> Json<Value> {
    let members: Vec<Value> = fleet.machines.iter().map(|machine| json!({"@odata.id": path(machine)})).collect();
    Json(collection("/redfish/v1/Systems", "ComputerSystemCollection", &members))
}

pub(super) async fn system(
    State(fleet): State<Arc<Fleet>>,
    Path(id): Path<String>,
    lie: Option<Extension<Lie>>,
) -> Result<Response, Refusal> {
    let machine = machine(&fleet, &id)?;
    let state = machine.state();
    let on = (state.power == PowerState::On) != lie.is_some();
    let path = path(machine);
    let body = json!({
        "@odata.id": path,
        "@odata.type": "#ComputerSystem.v1_1_0.ComputerSystem",
        "Id": machine.system,
        "Name": machine.serial,
        "UUID": machine.system,
        "Manufacturer": "Assay Simulator",
        "Model": null,
        "SerialNumber": machine.serial,
        "Status": {"State": "Enabled", "Health": "OK"},
        "PowerState": if on { "On" } else { "Off" },
        "Boot": {
            "BootSourceOverrideEnabled": state.boot.enabled,
            "BootSourceOverrideTarget": state.boot.target,
            "BootSourceOverrideTarget@Redfish.AllowableValues": TARGETS,
            "BootSourceOverrideMode": state.boot.mode,
            "BootSourceOverrideMode@Redfish.AllowableValues": ["UEFI", "Legacy"],
        },
        "EthernetInterfaces": {"@odata.id": format!("{path}/EthernetInterfaces")},
        "VirtualMedia": {"@odata.id": format!("{path}/VirtualMedia")},
        "Actions": {"#ComputerSystem.Reset": {
            "target": format!("{path}/Actions/ComputerSystem.Reset"),
            "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "GracefulShutdown", "ForceRestart"],
        }},
    });
    Ok(([(header::ETAG, etag(state.version))], Json(body)).into_response())
}

/// `PATCH System`: takes the three words of the override, each of them optional.
pub(super) async fn set_boot(
    State(fleet): State<Arc<Fleet>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<StatusCode, Refusal> {
    let machine = machine(&fleet, &id)?;
    check_etag(&headers, machine.state.borrow().version, fleet.hardware.require_etag)?;
    let word = |key: &str| body["Boot"][key].as_str().map(str::to_owned);
    let (target, enabled) = (word("BootSourceOverrideTarget"), word("BootSourceOverrideEnabled"));
    if target.as_deref().is_some_and(|target| !TARGETS.contains(&target)) {
        return Err(Refusal(StatusCode::BAD_REQUEST, "BootSourceOverrideTarget is not one of the allowable values"));
    }
    let sticky = fleet.hardware.sticky_override;
    machine.change(|state| {
        state.boot.target = target.unwrap_or_else(|| state.boot.target.clone());
        state.boot.mode = word("BootSourceOverrideMode").unwrap_or_else(|| state.boot.mode.clone());
        state.boot.enabled = match enabled {
            Some(once) if sticky && once == "Once" => "Continuous".into(),
            Some(enabled) => enabled,
            None => state.boot.enabled.clone(),
        };
        if state.boot.enabled == "Disabled" {
            state.boot.target = "None".into();
        }
        state.version += 1;
    });
    Ok(StatusCode::NO_CONTENT)
}

fn check_etag(headers: &HeaderMap, version: u64, required: bool) -> Result<(), Refusal> {
    match headers.get(header::IF_MATCH) {
        Some(tag) if tag == "*" || tag == etag(version).as_str() => Ok(()),
        Some(_) => Err(Refusal(StatusCode::PRECONDITION_FAILED, "The ETag does not match")),
        None if required => Err(Refusal(StatusCode::PRECONDITION_REQUIRED, "If-Match is required")),
        None => Ok(()),
    }
}

pub(super) async fn interfaces(
    State(fleet): State<Arc<Fleet>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let machine = machine(&fleet, &id)?;
    let path = format!("{}/EthernetInterfaces", path(machine));
    let members: Vec<Value> = machine.nics.iter().map(|mac| json!({"@odata.id": format!("{path}/{mac}")})).collect();
    Ok(Json(collection(&path, "EthernetInterfaceCollection", &members)))
}

pub(super) async fn interface(
    State(fleet): State<Arc<Fleet>>,
    Path((id, mac)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let machine = machine(&fleet, &id)?;
    let Some(nic) = machine.nics.iter().find(|nic| nic.to_string() == mac) else {
        return Err(Refusal(StatusCode::NOT_FOUND, "No such NIC"));
    };
    Ok(Json(json!({
        "@odata.id": format!("{}/EthernetInterfaces/{mac}", path(machine)),
        "@odata.type": "#EthernetInterface.v1_4_0.EthernetInterface",
        "Id": mac,
        "Name": "VNIC",
        "Status": {"State": "Enabled", "Health": "OK"},
        "PermanentMACAddress": nic,
        "MACAddress": nic,
    })))
}

pub(super) fn path(machine: &Machine) -> String {
    format!("/redfish/v1/Systems/{}", machine.system)
}

fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

pub(super) fn collection(path: &str, kind: &str, members: &[Value]) -> Value {
    json!({
        "@odata.id": path,
        "@odata.type": format!("#{kind}.{kind}"),
        "Name": kind,
        "Members@odata.count": members.len(),
        "Members": members,
    })
}
