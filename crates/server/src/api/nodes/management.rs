//! `/v1/nodes/<node>/management`: the boot device, as the BMC has it.

use assay_core::power::BootDevice;
use assay_wire::states::BootDeviceRequest;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use serde_json::json;

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, Json, ok, under},
        locked::patiently,
    },
    find,
};

pub fn router() -> Router<Api> {
    Router::new().route("/boot_device", get(show).put(set)).route("/boot_device/supported", get(supported))
}

async fn show(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node;
    let held = api.conductor.boot_device(node.id).await?;
    ok(&json!({"boot_device": held.device, "persistent": held.persistent}))
}

async fn set(
    State(api): State<Api>,
    asked: Asked,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<StatusCode, ApiError> {
    let request = BootDeviceRequest::parse(&body)?;
    let node = find(&api, &asked, &ident).await?.node;
    let device = BootDevice::parse(&request.device)
        .ok_or_else(|| ApiError::Invalid(format!("Invalid boot device {} specified.", request.device)))?;
    patiently(&api, || async { Ok(api.conductor.set_boot_device(node.id, device, request.persistent).await?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn supported(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.none()?;
    let node = find(&api, &asked, &ident).await?.node;
    ok(&under("supported_boot_devices", api.conductor.supported_boot_devices(node.id).await?))
}
