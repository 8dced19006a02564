//! The introspection API over HTTP (ironic-inspector's, port 5050): introspections live from their
//! runs, whichever inspect interface started them, and what ramdisks post to it.
//!
//! **Invariant:** an introspection has no state of its own; what is shown is its run.

use std::sync::Arc;

use assay_store::Store;
use assay_wire::introspection as documents;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;

mod actions;
mod data;
mod envelope;
mod error;
mod receive;
mod status;

use crate::api::{Auth, Callbacks, ConductorApi, callback};
use envelope::Base;
use error::Refused;

/// Everything that a handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct IntrospectionApi {
    /// Where runs and data are kept.
    pub store: Store,
    /// Who acts on nodes.
    pub conductor: Arc<dyn ConductorApi>,
    /// Who may come in.
    pub auth: Arc<Auth>,
    /// The callbacks of ramdisks, which other listeners serve as well.
    pub callbacks: Callbacks,
    /// `[inspector_service] api_max_limit`: the largest page of the list.
    pub max_limit: usize,
}

/// The whole API. Rules, reprocessing and discovery are not served yet: their paths are unknown.
pub fn router(api: IntrospectionApi) -> Router {
    let routes = Router::new()
        .route("/", get(root))
        .route("/v1", get(v1))
        .route("/v1/introspection", get(status::list))
        .route("/v1/introspection/{node}", get(status::one).post(actions::start))
        .route("/v1/introspection/{node}/abort", post(actions::abort))
        .route("/v1/introspection/{node}/data", get(data::processed))
        .route("/v1/introspection/{node}/data/unprocessed", get(data::unprocessed))
        .route("/v1/continue", post(receive::plain))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .with_state(api.clone())
        .merge(callback::with_secrets(api.callbacks.clone()));
    let guarded = routes.layer(CatchPanicLayer::new());
    Router::new().fallback_service(guarded).layer(from_fn_with_state(api, envelope::envelope))
}

/// `GET /`, by whose header Assay knows its own service again.
async fn root(State(api): State<IntrospectionApi>, Base(base): Base) -> Response {
    ([(documents::INSTANCE, api.store.instance().to_owned())], Json(documents::root(&base))).into_response()
}

async fn v1(Base(base): Base) -> Json<Value> {
    Json(documents::v1(&base))
}

async fn unknown_path() -> Refused {
    let text = "404 Not Found: The requested URL was not found on the server. If you entered the URL manually please \
                check your spelling and try again.";
    Refused { status: StatusCode::NOT_FOUND, text: text.to_owned() }
}

async fn unknown_method() -> Refused {
    let text = "405 Method Not Allowed: The method is not allowed for the requested URL.";
    Refused { status: StatusCode::METHOD_NOT_ALLOWED, text: text.to_owned() }
}
