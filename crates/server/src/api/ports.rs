//! `/v1/ports`, and the ports below a node.

use std::sync::Arc;

use assay_core::{
    id::{NodeId, PortId},
    microversion::{Endpoint, PortQuery},
    port::Port,
    update,
};
use assay_store::{
    StoreError, Tx, nodes,
    page::Page,
    ports::{self, PortFilter, PortSort},
};
use assay_wire::{
    fields,
    patch::{self, Operation},
    port::{self, PortList, PortView},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing,
};
use chrono::Utc;
use futures::future::BoxFuture;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Api, ApiError,
    extract::{Args, Asked, Json, created, ok},
    locked::{patiently, refuse_locked},
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", routing::get(list).post(create))
        .route("/detail", routing::get(detail))
        .route("/{port}", routing::get(get).patch(change).delete(delete))
}

#[derive(Serialize)]
struct Collection<'a> {
    ports: Vec<PortView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

async fn list(State(api): State<Api>, asked: Asked, args: Args) -> Result<Response, ApiError> {
    let list = PortList::parse(args.0, asked.version, api.settings.max_limit, false)?;
    answer(&api, &asked, &list, "ports").await
}

async fn detail(State(api): State<Api>, asked: Asked, args: Args) -> Result<Response, ApiError> {
    let list = PortList::parse(args.0, asked.version, api.settings.max_limit, true)?;
    answer(&api, &asked, &list, "ports/detail").await
}

/// `GET /v1/nodes/<node>/ports`.
pub async fn of_node(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    below_node(&api, &asked, args, ident, false).await
}

/// `GET /v1/nodes/<node>/ports/detail`.
pub async fn of_node_detail(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    below_node(&api, &asked, args, ident, true).await
}

async fn below_node(api: &Api, asked: &Asked, args: Args, ident: String, detail: bool) -> Result<Response, ApiError> {
    let mut list = PortList::parse(args.0, asked.version, api.settings.max_limit, detail)?;
    let path = format!("nodes/{ident}/ports{}", if detail { "/detail" } else { "" });
    nodes::find(&api.store.read(), &ident).await?;
    list.node = Some(ident);
    answer(api, asked, &list, &path).await
}

async fn answer(api: &Api, asked: &Asked, list: &PortList, path: &str) -> Result<Response, ApiError> {
    let ports = read(api, list).await?;
    let views = ports.iter().map(|port| PortView { port, fields: &list.fields, base: &asked.base }).collect();
    let url = format!("{}/v1/{path}", asked.base);
    let last = ports.last().map(|port| port.id.0);
    ok(&Collection { ports: views, next: list.page.next(&url, &list.kept, ports.len(), last) })
}

async fn read(api: &Api, list: &PortList) -> Result<Vec<Port>, ApiError> {
    let conn = api.store.read();
    let node = match &list.node {
        None => None,
        Some(ident) => match nodes::find(&conn, ident).await {
            Ok(row) => Some(row.node.id),
            Err(StoreError::NotFound { .. }) if Uuid::try_parse(ident).is_ok() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        },
    };
    if list.portgroup.is_some() || list.shards.is_some() {
        return Ok(Vec::new());
    }
    let page = Page {
        limit: u64::try_from(list.page.limit).ok(),
        marker: list.page.marker,
        sort: Some(list.page.sort(PortSort::parse)?),
        descending: list.page.descending,
    };
    Ok(ports::list(&conn, &PortFilter { node, address: list.address, portgroup: None }, &page).await?)
}

async fn find(api: &Api, asked: &Asked, ident: &str) -> Result<Port, ApiError> {
    if Uuid::try_parse(ident).is_err() && !asked.version.has(Endpoint::PortName.since()) {
        return Err(ApiError::Invalid(format!("Expected a UUID but received {ident}.")));
    }
    Ok(ports::find(&api.store.read(), ident).await?)
}

async fn get(
    State(api): State<Api>,
    asked: Asked,
    Args(mut args): Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.check(asked.version, |name| (name == "fields").then_some(PortQuery::Fields.since()))?;
    let fields = fields::of_one(args.take("fields"), asked.version)?;
    let port = find(&api, &asked, &ident).await?;
    ok(&PortView { port: &port, fields: &fields, base: &asked.base })
}

async fn create(State(api): State<Api>, asked: Asked, args: Args, Json(body): Json) -> Result<Response, ApiError> {
    args.none()?;
    let new = port::create(&body, asked.version, PortId(Uuid::new_v4()), Utc::now())?;
    refuse_portgroup(&new.port)?;
    let port = api
        .store
        .write(move |tx| {
            Box::pin(async move {
                let node = nodes::find(tx, &new.node).await?.node.id;
                let port = Port { node_id: node, ..new.port };
                ports::insert(tx, &port).await?;
                Ok(port)
            })
        })
        .await
        .map_err(|error| match error {
            StoreError::NotFound { .. } => ApiError::Invalid(error.to_string()),
            other => other.into(),
        })?;
    let view = PortView { port: &port, fields: &fields::all(asked.version), base: &asked.base };
    created(&format!("{}/v1/ports/{}", asked.base, port.id), &view)
}

fn refuse_portgroup(port: &Port) -> Result<(), ApiError> {
    match port.portgroup_id {
        Some(group) => Err(ApiError::Invalid(format!("Portgroup {group} could not be found."))),
        None => Ok(()),
    }
}

async fn change(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<Response, ApiError> {
    args.none()?;
    let operations: Arc<[Operation]> = patch::parse(&body)?.into();
    let (id, version) = (find(&api, &asked, &ident).await?.id, asked.version);
    let changed = exclusively(&api, id, move |tx, node, port| {
        let operations = operations.clone();
        Box::pin(async move {
            let patched = port::patch(&port, &operations, version).map_err(ApiError::from).and_then(|patched| {
                refuse_portgroup(&patched)?;
                update::may_update_port(&node, &port, &patched, version)?;
                Ok(patched)
            });
            let Ok(mut patched) = patched else { return Ok(patched) };
            if patched.node_id != port.node_id {
                refuse_locked(&nodes::get(tx, patched.node_id).await?)?;
            }
            patched.updated_at = Some(Utc::now());
            ports::update(tx, &patched).await?;
            Ok(Ok(patched))
        })
    })
    .await?;
    ok(&PortView { port: &changed, fields: &fields::all(asked.version), base: &asked.base })
}

async fn delete(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<StatusCode, ApiError> {
    args.none()?;
    let id = find(&api, &asked, &ident).await?.id;
    exclusively(&api, id, |tx, node, port| {
        Box::pin(async move {
            if let Err(refused) = update::may_delete_port(&node, &port) {
                return Ok(Err(refused.into()));
            }
            Ok(Ok(ports::delete(tx, port.id).await?))
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs `work` on a port in a transaction in which nobody holds the lock of its node.
async fn exclusively<T, Work>(api: &Api, id: PortId, work: Work) -> Result<T, ApiError>
where
    T: Send + 'static,
    Work: for<'t> Fn(&'t Tx<'t>, assay_core::node::Node, Port) -> BoxFuture<'t, Result<Result<T, ApiError>, StoreError>>
        + Send
        + Sync
        + 'static,
{
    let work = Arc::new(work);
    patiently(api, || {
        let work = work.clone();
        async move {
            let done = api.store.write(move |tx| {
                Box::pin(async move {
                    let port = ports::get(tx, id).await?;
                    let row = nodes::get(tx, NodeId(port.node_id.0)).await?;
                    refuse_locked(&row)?;
                    work(tx, row.node, port).await
                })
            });
            done.await?
        }
    })
    .await
}
