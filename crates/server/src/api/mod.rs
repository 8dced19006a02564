//! The bare metal API over HTTP: routes, and what every request goes through before and after.
//!
//! A handler reads its request with `assay-wire`, asks the store or the [`ConductorApi`], and
//! renders with `assay-wire`. **Invariant:** no rule of the game is here, and reads take no lock.

use std::sync::Arc;

use assay_drivers::registry::Registry;
use assay_store::Store;
use axum::{Router, middleware::from_fn_with_state, routing::get};
use tower_http::catch_panic::CatchPanicLayer;

mod absent;
pub mod auth;
pub mod callback;
mod collections;
pub mod conductor;
mod conductors;
mod drivers;
pub(crate) mod envelope;
mod error;
pub(crate) mod extract;
mod list;
mod locked;
mod nodes;
mod owned;
mod portgroups;
mod ports;
pub mod settings;

pub use auth::Auth;
pub use callback::Callbacks;
pub use conductor::{BodyError, ConductorApi, ConductorError, Validation, Verdict};
pub use error::ApiError;
pub use settings::Settings;

/// Everything that a handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Where nodes and ports are kept.
    pub store: Store,
    /// Who acts on nodes.
    pub conductor: Arc<dyn ConductorApi>,
    /// Which drivers and interfaces there are.
    pub registry: Arc<Registry>,
    /// Who may come in.
    pub auth: Arc<Auth>,
    /// What the configuration says.
    pub settings: Arc<Settings>,
    /// The callbacks of ramdisks, which other listeners serve as well.
    pub callbacks: Callbacks,
}

/// The whole API.
pub fn router(api: Api) -> Router {
    let ramdisk =
        if api.settings.ramdisk_endpoints { callback::router(api.callbacks.clone()) } else { callback::disabled() };
    let routes = Router::new()
        .route("/", get(collections::root))
        .route("/v1", get(collections::v1))
        .nest("/v1/nodes", nodes::router())
        .nest("/v1/ports", ports::router())
        .nest("/v1/portgroups", portgroups::router())
        .nest("/v1/drivers", drivers::router())
        .nest("/v1/conductors", conductors::router())
        .route("/v1/shards", get(collections::shards))
        .merge(absent::router())
        .fallback(collections::unknown_path)
        .method_not_allowed_fallback(collections::unknown_method)
        .with_state(api.clone())
        .merge(ramdisk);
    let guarded = routes.layer(CatchPanicLayer::new());
    Router::new().fallback_service(guarded).layer(from_fn_with_state(api, envelope::envelope))
}
