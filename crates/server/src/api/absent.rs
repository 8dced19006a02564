//! What the field's API has and this service does not keep. Each kind of object is answered as by
//! an installation that has none of them, and a request to make one says that it can't be.

use assay_core::microversion::Endpoint;
use assay_wire::root;
use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{any, get, post},
};
use serde_json::json;

use super::{
    Api, ApiError,
    extract::{Args, Asked, ok},
};

/// A kind of object that there are none of.
struct Kind {
    path: &'static str,
    endpoint: Endpoint,
    /// One of them, as refusals call it.
    name: &'static str,
    /// What is below one of them.
    below: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind { path: "chassis", endpoint: Endpoint::Chassis, name: "Chassis", below: Some("nodes") },
    Kind { path: "allocations", endpoint: Endpoint::Allocations, name: "Allocation", below: None },
    Kind { path: "deploy_templates", endpoint: Endpoint::DeployTemplates, name: "Deploy template", below: None },
    Kind { path: "runbooks", endpoint: Endpoint::Runbooks, name: "Runbook", below: None },
    Kind { path: "volume/connectors", endpoint: Endpoint::Volume, name: "Volume connector", below: None },
    Kind { path: "volume/targets", endpoint: Endpoint::Volume, name: "Volume target", below: None },
];

pub fn router() -> Router<Api> {
    let router = Router::new()
        .route("/v1/volume", get(volume))
        .route("/v1/lookup", get(lookup))
        .route("/v1/heartbeat/{node}", post(heartbeat))
        .route("/v1/events", post(events));
    KINDS.iter().fold(router, |router, kind| kind.routes(router))
}

impl Kind {
    fn routes(&'static self, router: Router<Api>) -> Router<Api> {
        let list = move |asked: Asked| async move { self.list(&asked) };
        let make = move |asked: Asked| async move { self.cannot_be_made(&asked) };
        let find = move |asked: Asked, Path(id): Path<String>| async move { self.not_found(&asked, &id) };
        let path = format!("/v1/{}", self.path);
        let router = router
            .route(&path, get(list).post(make))
            .route(&format!("{path}/detail"), get(list))
            .route(&format!("{path}/{{id}}"), any(find));
        let Some(below) = self.below else { return router };
        router
            .route(&format!("{path}/{{id}}/{below}"), get(find))
            .route(&format!("{path}/{{id}}/{below}/detail"), get(find))
    }

    fn list(&self, asked: &Asked) -> Result<Response, ApiError> {
        asked.needs(self.endpoint)?;
        let key = self.path.rsplit('/').next().unwrap_or(self.path);
        ok(&json!({ key: [] }))
    }

    fn not_found(&self, asked: &Asked, id: &str) -> Result<(), ApiError> {
        asked.needs(self.endpoint)?;
        Err(ApiError::NotFound(format!("{} {id} could not be found.", self.name)))
    }

    fn cannot_be_made(&self, asked: &Asked) -> Result<(), ApiError> {
        asked.needs(self.endpoint)?;
        Err(ApiError::NotFound(format!("{} could not be created: this service keeps none.", self.name)))
    }
}

async fn volume(asked: Asked) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Volume)?;
    ok(&root::volume(&asked.base, "volume"))
}

/// A ramdisk that deploys asks for its node here; one that inspects knows its run.
async fn lookup(asked: Asked, Args(mut args): Args) -> Result<(), ApiError> {
    asked.needs(Endpoint::Lookup)?;
    if args.take("addresses").or(args.take("node_uuid")).is_none() {
        let text = "At least one of 'addresses' and 'node_uuid' parameters is required";
        return Err(ApiError::Invalid(text.to_owned()));
    }
    Err(ApiError::NotFound(format!("Lookup is not served: {INSPECTS_ONLY}")))
}

async fn heartbeat(asked: Asked) -> Result<(), ApiError> {
    asked.needs(Endpoint::Heartbeat)?;
    Err(ApiError::NotFound(format!("Heartbeats are not served: {INSPECTS_ONLY}")))
}

const INSPECTS_ONLY: &str =
    "this service inspects and does not deploy; its ramdisks report to their ipa-inspection-callback-url.";

async fn events(asked: Asked) -> Result<(), ApiError> {
    asked.needs(Endpoint::Events)?;
    Err(ApiError::NotFound("Events are not served: Neutron is asked when its answer is needed.".to_owned()))
}
