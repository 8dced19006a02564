//! `/v1/portgroups`, and the port groups below a node.

use std::sync::Arc;

use assay_core::{
    id::{NodeId, PortgroupId},
    microversion::{Endpoint, PortgroupQuery},
    portgroup::{Membership, Portgroup},
    update,
};
use assay_store::{
    nodes,
    portgroups::{self, PortgroupFilter, PortgroupSort},
    ports,
};
use assay_wire::{
    fields,
    patch::{self, Operation},
    port::Parent,
    portgroup::{self, PortgroupList, PortgroupView},
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
    ports::below,
};

pub fn router() -> Router<Api> {
    Router::new()
        .route("/", all(false).post(create))
        .route("/detail", all(true))
        .route("/{group}", routing::get(get).patch(change).delete(delete))
        .route("/{group}/ports", below(Parent::Portgroup, false))
        .route("/{group}/ports/detail", below(Parent::Portgroup, true))
}

fn all(detail: bool) -> MethodRouter<Api> {
    routing::get(move |State(api): State<Api>, asked: Asked, args: Args| async move {
        asked.needs(Endpoint::Portgroups)?;
        let list = PortgroupList::parse(args.0, asked.version, api.settings.max_limit, detail)?;
        answer(&api, &asked, &list, &format!("portgroups{}", ending(detail))).await
    })
}

/// `GET /v1/nodes/<node>/portgroups` and `/v1/nodes/<node>/portgroups/detail`.
pub fn of_node(detail: bool) -> MethodRouter<Api> {
    routing::get(move |State(api): State<Api>, asked: Asked, args: Args, Path(ident): Path<String>| async move {
        asked.needs(Endpoint::NodePortgroups)?;
        let path = format!("nodes/{ident}/portgroups{}", ending(detail));
        let list = PortgroupList::parse(args.0, asked.version, api.settings.max_limit, detail)?.below(ident)?;
        answer(&api, &asked, &list, &path).await
    })
}

async fn answer(api: &Api, asked: &Asked, list: &PortgroupList, path: &str) -> Result<Response, ApiError> {
    let conn = api.store.read();
    let node = owner_asked_for(&conn, list.node.as_deref()).await?;
    let filter = PortgroupFilter { node, address: list.address };
    let groups = portgroups::list(&conn, &filter, &list::stored(&list.listing.page, PortgroupSort::parse)?).await?;
    let fields = &list.listing.fields;
    let views: Vec<_> = groups.iter().map(|group| PortgroupView { group, fields, base: &asked.base }).collect();
    list::answer(asked, &list.listing, path, "portgroups", &views, groups.last().map(|group| group.id.0))
}

async fn get(
    State(api): State<Api>,
    asked: Asked,
    Args(mut args): Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    args.check(asked.version, |name| (name == "fields").then_some(PortgroupQuery::Fields.since()))?;
    let fields = fields::of_one(args.take("fields"), asked.version)?;
    let group = portgroups::find(&api.store.read(), &ident).await?;
    ok(&PortgroupView { group: &group, fields: &fields, base: &asked.base })
}

async fn create(State(api): State<Api>, asked: Asked, args: Args, Json(body): Json) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    args.none()?;
    let (id, mode) = (PortgroupId(Uuid::new_v4()), api.settings.default_portgroup_mode.clone());
    let blank = Portgroup::blank(id, NodeId(Uuid::nil()), mode, Utc::now());
    let group = portgroup::create(&body, asked.version, blank)?;
    let new = group.clone();
    let stored = api.store.write(move |tx| {
        Box::pin(async move {
            nodes::get(tx, new.node_id).await?;
            portgroups::insert(tx, &new).await
        })
    });
    stored.await.map_err(absent_is_invalid)?;
    let view = PortgroupView { group: &group, fields: &fields::all(asked.version), base: &asked.base };
    created(&format!("{}/v1/portgroups/{}", asked.base, group.id), &view)
}

async fn change(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<Response, ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    args.none()?;
    let operations: Arc<[Operation]> = patch::parse(&body)?.into();
    let (id, version) = (portgroups::find(&api.store.read(), &ident).await?.id, asked.version);
    let changed = exclusively(&api, id, move |tx, node, group: Portgroup| {
        let operations = operations.clone();
        Box::pin(async move {
            let mut patched = portgroup::patch(&group, &operations, version)?;
            let node = next_owner(tx, &node, patched.node_id).await?;
            let before = Membership { ports: ports::of_portgroup(tx, group.id).await?, group };
            update::may_update_portgroup(&node, &before, &patched, version)?;
            patched.updated_at = Some(Utc::now());
            portgroups::update(tx, &patched).await?;
            Ok(patched)
        })
    })
    .await?;
    ok(&PortgroupView { group: &changed, fields: &fields::all(asked.version), base: &asked.base })
}

async fn delete(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<StatusCode, ApiError> {
    asked.needs(Endpoint::Portgroups)?;
    args.none()?;
    let id = portgroups::find(&api.store.read(), &ident).await?.id;
    exclusively(&api, id, |tx, _, group: Portgroup| {
        Box::pin(async move {
            let membership = Membership { ports: ports::of_portgroup(tx, group.id).await?, group };
            update::may_delete_portgroup(&membership)?;
            Ok(portgroups::delete(tx, membership.group.id).await?)
        })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
