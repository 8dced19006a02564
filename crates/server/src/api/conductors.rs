//! `/v1/conductors`.

use assay_core::microversion::Endpoint;
use assay_store::conductors;
use assay_wire::driver::Conductor;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};

use super::{
    Api, ApiError,
    extract::{Args, Asked, ok, under},
};

pub fn router() -> Router<Api> {
    Router::new().route("/", get(list)).route("/{host}", get(one))
}

async fn all(api: &Api) -> Result<Vec<Conductor>, ApiError> {
    let known = conductors::list(&api.store.read(), api.settings.heartbeat_timeout).await?;
    Ok(known.into_iter().map(shown).collect())
}

fn shown(known: conductors::Conductor) -> Conductor {
    Conductor {
        hostname: known.registration.hostname,
        group: known.registration.conductor_group,
        alive: known.alive,
        drivers: known.registration.drivers,
        created_at: known.registered_at,
        updated_at: known.heartbeat_at,
    }
}

async fn list(State(api): State<Api>, asked: Asked, Args(mut args): Args) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Conductors)?;
    let detail = args.take_boolean("detail")?.unwrap_or(false);
    Args(args).none()?;
    let views: Vec<_> = all(&api).await?.iter().map(|one| one.view(&asked.base, detail)).collect();
    ok(&under("conductors", views))
}

async fn one(State(api): State<Api>, asked: Asked, args: Args, Path(host): Path<String>) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Conductors)?;
    args.none()?;
    let found = all(&api).await?.into_iter().find(|one| one.hostname == host);
    let one = found.ok_or_else(|| ApiError::NotFound(format!("Conductor {host} could not be found.")))?;
    ok(&one.view(&asked.base, true))
}
