//! `/v1/nodes`.

use assay_core::{id::NodeId, microversion::Endpoint};
use assay_store::nodes::{self, NodeRow};
use assay_wire::port::Parent;
use axum::{
    Router,
    routing::{get, put},
};
use uuid::Uuid;

use super::{Api, ApiError, extract::Asked, portgroups, ports};

mod children;
mod create;
mod history;
mod inventory;
mod list;
mod maintenance;
mod management;
mod one;
mod states;
mod stubs;
mod timeline;
mod traits;
mod validate;

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", get(list::list).post(create::create))
        .route("/detail", get(list::detail))
        .route("/validate", get(validate::by_query))
        .route("/{node}", get(one::get).patch(one::patch).delete(one::delete))
        .route("/{node}/validate", get(validate::by_path))
        .route("/{node}/maintenance", put(maintenance::set).delete(maintenance::unset))
        .route("/{node}/traits", get(traits::list).put(traits::replace).delete(traits::clear))
        .route("/{node}/traits/{name}", put(traits::add).delete(traits::remove))
        .route("/{node}/ports", ports::below(Parent::Node, false))
        .route("/{node}/ports/detail", ports::below(Parent::Node, true))
        .route("/{node}/portgroups", portgroups::of_node(false))
        .route("/{node}/portgroups/detail", portgroups::of_node(true))
        .route("/{node}/inventory", get(inventory::get))
        .route("/{node}/children", get(children::list))
        .route("/{node}/history", get(history::list))
        .route("/{node}/history/{entry}", get(history::one))
        .route("/{node}/timeline", get(timeline::get))
        .nest("/{node}/states", states::router())
        .nest("/{node}/management", management::router())
        .merge(stubs::router())
}

/// The node that a path names, by UUID or, since there are names, by name.
///
/// # Errors
/// 404, or 400 for a name in a version without names.
async fn find(api: &Api, asked: &Asked, ident: &str) -> Result<NodeRow, ApiError> {
    if Uuid::try_parse(ident).is_err() && !asked.version.has(Endpoint::NodeName.since()) {
        return Err(ApiError::Invalid(format!("Expected a UUID but received {ident}.")));
    }
    Ok(nodes::find(&api.store.read(), ident).await?)
}

/// Where to look on after a request that goes on in the background.
fn states_of(asked: &Asked, node: NodeId) -> String {
    format!("{}/v1/nodes/{node}/states", asked.base)
}
