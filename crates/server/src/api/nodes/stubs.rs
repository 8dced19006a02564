//! Parts of a node that there are none of here, and what no driver here can do; clients ask for them
//! all the same.

use assay_core::microversion::Endpoint;
use assay_wire::root;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{MethodFilter, MethodRouter, get, on},
};
use serde_json::json;

use super::{
    super::{
        Api, ApiError,
        extract::{Asked, ok},
    },
    find,
};

pub fn router() -> Router<Api> {
    let any = MethodFilter::GET.or(MethodFilter::PUT).or(MethodFilter::POST).or(MethodFilter::DELETE);
    let vifs = empty("vifs", Endpoint::Vifs).merge(unsupported(MethodFilter::POST, "vif_attach", Endpoint::Vifs));
    Router::new()
        .route("/{node}/vifs", vifs)
        .route("/{node}/vifs/{vif}", unsupported(MethodFilter::DELETE, "vif_detach", Endpoint::Vifs))
        .route("/{node}/bios", empty("bios", Endpoint::Bios))
        .route("/{node}/bios/{setting}", get(bios_setting))
        .route("/{node}/firmware", empty("firmware", Endpoint::Firmware))
        .route("/{node}/management/indicators", empty("indicators", Endpoint::Indicators))
        .route("/{node}/volume", get(volume))
        .route("/{node}/volume/connectors", empty("connectors", Endpoint::Volume))
        .route("/{node}/volume/targets", empty("targets", Endpoint::Volume))
        .route("/{node}/allocation", get(allocation).delete(allocation))
        .route("/{node}/vmedia", virtual_media())
        .route("/{node}/states/boot_mode", unsupported(MethodFilter::PUT, "set_boot_mode", Endpoint::BootMode))
        .route(
            "/{node}/states/secure_boot",
            unsupported(MethodFilter::PUT, "set_secure_boot_state", Endpoint::BootMode),
        )
        .route("/{node}/states/console", unsupported(any, "console", Endpoint::Console))
        .route("/{node}/management/inject_nmi", unsupported(MethodFilter::PUT, "inject_nmi", Endpoint::InjectNmi))
        .route("/{node}/vendor_passthru", unsupported(any, "vendor_passthru", Endpoint::VendorPassthru))
        .route("/{node}/vendor_passthru/methods", get(methods))
}

/// The list of something that a node has none of.
fn empty(key: &'static str, endpoint: Endpoint) -> MethodRouter<Api> {
    get(move |State(api): State<Api>, asked: Asked, Path(ident): Path<String>| async move {
        asked.needs(endpoint)?;
        find(&api, &asked, &ident).await?;
        ok(&json!({ key: [] }))
    })
}

/// What no driver here can do, called as the field calls it.
fn unsupported(methods: MethodFilter, extension: &'static str, endpoint: Endpoint) -> MethodRouter<Api> {
    on(methods, move |State(api): State<Api>, asked: Asked, Path(path): Path<Vec<String>>| async move {
        asked.needs(endpoint)?;
        let ident = path.first().map(String::as_str).unwrap_or_default();
        let node = find(&api, &asked, ident).await?.node;
        Err::<(), _>(ApiError::unsupported(&node.driver, extension))
    })
}

fn virtual_media() -> MethodRouter<Api> {
    unsupported(MethodFilter::GET, "get_virtual_media", Endpoint::VirtualMediaRead)
        .merge(unsupported(MethodFilter::POST, "attach_virtual_media", Endpoint::VirtualMedia))
        .merge(unsupported(MethodFilter::DELETE, "detach_virtual_media", Endpoint::VirtualMedia))
}

async fn bios_setting(
    State(api): State<Api>,
    asked: Asked,
    Path((ident, setting)): Path<(String, String)>,
) -> Result<(), ApiError> {
    asked.needs(Endpoint::Bios)?;
    let node = find(&api, &asked, &ident).await?.node;
    Err(ApiError::NotFound(format!("Node {} doesn't have a BIOS setting '{setting}'", node.id)))
}

async fn allocation(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<(), ApiError> {
    asked.needs(Endpoint::Allocations)?;
    find(&api, &asked, &ident).await?;
    Err(ApiError::NotFound(format!("Allocation for node {ident} was not found")))
}

async fn volume(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Volume)?;
    let node = find(&api, &asked, &ident).await?.node;
    ok(&root::volume(&asked.base, format_args!("nodes/{}/volume", node.id)))
}

async fn methods(State(api): State<Api>, asked: Asked, Path(ident): Path<String>) -> Result<Response, ApiError> {
    find(&api, &asked, &ident).await?;
    ok(&json!({}))
}
