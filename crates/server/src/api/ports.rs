//! `/v1/ports`, and the ports below a node and a port group.

use std::sync::Arc;

use assay_core::{
    id::PortId,
    microversion::{Endpoint, PortQuery},
    port::Port,
    portgroup::Membership,
    update,
};
use assay_store::{
    Conn, nodes, portgroups,
    ports::{self, PortFilter, PortSort},
};
use assay_wire::{
    fields,
    patch::{self, Operation},
    port::{self, Parent, PortList, PortView},
};
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{self, MethodRouter},
};
use chrono::Utc;
use uuid::Uuid;

use super::{
    Api, ApiError,
    extract::{Args, Asked, Json, created, ok},
    list::{self, ending},
    owned::{absent_is_invalid, exclusively, next_owner, owner_asked_for},
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", all(false).post(create))
        .route("/detail", all(true))
        .route("/{port}", routing::get(get).patch(change).delete(delete))
}

fn all(detail: bool) -> MethodRouter<Api> {
    routing::get(move |State(api): State<Api>, asked: Asked, args: Args| async move {
        let list = PortList::parse(args.0, asked.version, api.settings.max_limit, detail)?;
        answer(&api, &asked, &list, &format!("ports{}", ending(detail))).await
    })
}

/// `GET ports` and `GET ports/detail` below the object that the path names.
pub fn below(parent: Parent, detail: bool) -> MethodRouter<Api> {
    routing::get(move |State(api): State<Api>, asked: Asked, args: Args, Path(ident): Path<String>| async move {
        let above = match parent {
            Parent::Node => "nodes",
            Parent::Portgroup => {
                asked.needs(Endpoint::PortgroupPorts)?;
                "portgroups"
            }
        };
        let path = format!("{above}/{ident}/ports{}", ending(detail));
        let list = PortList::parse(args.0, asked.version, api.settings.max_limit, detail)?.below(parent, ident)?;
        answer(&api, &asked, &list, &path).await
    })
}

async fn answer(api: &Api, asked: &Asked, list: &PortList, path: &str) -> Result<Response, ApiError> {
    let conn = api.store.read();
    let group = match &list.portgroup {
        Some(ident) => Some(portgroups::find(&conn, ident).await?.id),
        None => None,
    };
    let filter = PortFilter {
        node: owner_asked_for(&conn, list.node.as_deref()).await?,
        address: list.address,
        portgroup: group,
        shards: list.shards.clone(),
    };
    let ports = ports::list(&conn, &filter, &list::stored(&list.listing.page, PortSort::parse)?).await?;
    let fields = &list.listing.fields;
    let views: Vec<_> = ports.iter().map(|port| PortView { port, fields, base: &asked.base }).collect();
    list::answer(asked, &list.listing, path, "ports", &views, ports.last().map(|port| port.id.0))
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
    let stored = api.store.write(move |tx| {
        Box::pin(async move {
            let node = nodes::find(tx, &new.node).await?.node.id;
            let port = Port { node_id: node, ..new.port };
            if let Err(refused) =
                update::may_create_port(&port, new.asks_to_boot, membership(tx, &port).await?.as_ref())
            {
                return Ok(Err(refused));
            }
            ports::insert(tx, &port).await?;
            Ok(Ok(port))
        })
    });
    let port = stored.await.map_err(absent_is_invalid)??;
    let view = PortView { port: &port, fields: &fields::all(asked.version), base: &asked.base };
    created(&format!("{}/v1/ports/{}", asked.base, port.id), &view)
}

/// The group that a port is in, with all ports of it.
async fn membership(conn: &Conn<'_>, port: &Port) -> Result<Option<Membership>, assay_store::StoreError> {
    let Some(id) = port.portgroup_id else { return Ok(None) };
    let group = portgroups::get(conn, id).await?;
    Ok(Some(Membership { group, ports: ports::of_portgroup(conn, id).await? }))
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
    let changed = exclusively(&api, id, move |tx, node, port: Port| {
        let operations = operations.clone();
        Box::pin(async move {
            let mut patched = port::patch(&port, &operations, version)?;
            let membership = membership(tx, &patched).await.map_err(absent_is_invalid)?;
            update::may_update_port(&node, &port, &patched, membership.as_ref(), version)?;
            next_owner(tx, &node, patched.node_id).await?;
            patched.updated_at = Some(Utc::now());
            ports::update(tx, &patched).await?;
            Ok(patched)
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
    exclusively(&api, id, |tx, node, port: Port| {
        Box::pin(async move {
            update::may_delete_port(&node, &port)?;
            Ok(ports::delete(tx, port.id).await?)
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
