//! `/v1/drivers`: the hardware types, their interfaces, and what they read of a node.

use assay_core::{microversion::Endpoint, node::InterfaceKind};
use assay_drivers::hardware::HardwareType as Known;
use assay_wire::driver::HardwareType;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde_json::json;

use super::{
    Api, ApiError,
    extract::{Args, Asked, ok, under},
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", get(list))
        .route("/properties", get(properties_by_query))
        .route("/{name}", get(one))
        .route("/{name}/properties", get(properties))
        .route("/{name}/vendor_passthru/methods", get(methods))
        .route("/{name}/raid/logical_disk_properties", get(logical_disks))
}

fn shown(api: &Api, known: &Known) -> HardwareType {
    let interfaces = InterfaceKind::ALL.iter().filter_map(|kind| {
        let default = api.registry.default_interface(known, *kind).ok()?;
        let others = api.registry.enabled_interfaces(known, *kind).into_iter().filter(|name| *name != default);
        Some((*kind, std::iter::once(default).chain(others).map(str::to_owned).collect()))
    });
    HardwareType {
        name: known.name.to_owned(),
        hosts: vec![api.settings.host.clone()],
        interfaces: interfaces.collect(),
    }
}

async fn list(State(api): State<Api>, asked: Asked, Args(mut args): Args) -> Result<Response, ApiError> {
    let kind = args.take("type");
    let detail = args.take_boolean("detail")?;
    Args(args).none()?;
    if kind.is_some() || detail.is_some() {
        asked.needs(Endpoint::DriverDetail)?;
    }
    let dynamic = match kind.as_deref() {
        None | Some("dynamic") => true,
        Some("classic") => false,
        Some(other) => {
            return Err(ApiError::Invalid(format!("Driver type must be one of classic, dynamic, not {other}")));
        }
    };
    let detail = detail.unwrap_or(false);
    let known = api.registry.hardware_types().filter(|_| dynamic);
    let views: Vec<_> = known.map(|one| shown(&api, one).view(&asked.base, asked.version, detail)).collect();
    ok(&under("drivers", views))
}

async fn one(State(api): State<Api>, asked: Asked, args: Args, Path(name): Path<String>) -> Result<Response, ApiError> {
    args.none()?;
    ok(&shown(&api, find(&api, &name)?).view(&asked.base, asked.version, true))
}

fn find<'a>(api: &'a Api, name: &str) -> Result<&'a Known, ApiError> {
    api.registry.hardware_type(name).map_err(|error| ApiError::NotFound(error.to_string()))
}

async fn properties(State(api): State<Api>, args: Args, Path(name): Path<String>) -> Result<Response, ApiError> {
    args.none()?;
    ok(&api.registry.properties(find(&api, &name)?))
}

async fn properties_by_query(State(api): State<Api>, Args(mut args): Args) -> Result<Response, ApiError> {
    let name = args.take("driver_name");
    Args(args).none()?;
    let name = name.ok_or_else(|| ApiError::Invalid("Missing mandatory argument: driver_name".to_owned()))?;
    ok(&api.registry.properties(find(&api, &name)?))
}

async fn methods(State(api): State<Api>, Path(name): Path<String>) -> Result<Response, ApiError> {
    find(&api, &name)?;
    ok(&json!({}))
}

async fn logical_disks(State(api): State<Api>, asked: Asked, Path(name): Path<String>) -> Result<(), ApiError> {
    asked.needs(Endpoint::RaidConfig)?;
    Err(ApiError::unsupported(find(&api, &name)?.name, "get_logical_disk_properties"))
}
