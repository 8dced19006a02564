//! `GET /v1/nodes`: a list of what the few columns hold reads only them, any other the whole node.

use assay_core::{
    id::NodeId,
    node::{JsonMap, Node},
    power::PowerState,
    provision::ProvisionState,
};
use assay_store::nodes::{self, ListedNode, NodeFilter, NodeSort, NodeSummary};
use assay_wire::node::{NodeList, NodeView, list::NodeConditions, view::LIST_FIELDS};
use axum::{extract::State, response::Response};
use chrono::DateTime;
use serde::Serialize;

use super::super::{
    Api, ApiError,
    extract::{Args, Asked},
    list,
};

/// `GET /v1/nodes`.
pub async fn list(State(api): State<Api>, asked: Asked, args: Args) -> Result<Response, ApiError> {
    let list = NodeList::parse(args.0, asked.version, api.settings.max_limit, false)?;
    answer(&api, &asked, &list, "nodes").await
}

/// `GET /v1/nodes/detail`.
pub async fn detail(State(api): State<Api>, asked: Asked, args: Args) -> Result<Response, ApiError> {
    let list = NodeList::parse(args.0, asked.version, api.settings.max_limit, true)?;
    answer(&api, &asked, &list, "nodes/detail").await
}

async fn answer(api: &Api, asked: &Asked, list: &NodeList, path: &str) -> Result<Response, ApiError> {
    let page = list::stored(&list.listing.page, NodeSort::parse)?;
    let Some(filter) = filter(api, &list.conditions) else {
        return render::<JsonMap>(api, asked, list, path, &[]);
    };
    let conn = api.store.read();
    if list.listing.fields.iter().all(|field| LIST_FIELDS.contains(field)) {
        let summaries = nodes::summaries(&conn, &filter, &page).await?;
        let nodes: Vec<Node> = summaries.into_iter().map(summarised).collect();
        return render(api, asked, list, path, &nodes);
    }
    let listed = nodes::list(&conn, &filter, &page).await?;
    let nodes: Vec<_> = listed.iter().map(ListedNode::masked).collect::<Result<_, _>>()?;
    render(api, asked, list, path, &nodes)
}

fn render<Json: Serialize>(
    api: &Api,
    asked: &Asked,
    list: &NodeList,
    path: &str,
    nodes: &[Node<Json>],
) -> Result<Response, ApiError> {
    let (fields, context) = (&list.listing.fields, asked.context(api));
    let views: Vec<_> = nodes.iter().map(|node| NodeView { node, fields, context }).collect();
    let one_at_most = list.conditions.instance_uuid.is_some();
    let last = nodes.last().map(|node| node.id.0).filter(|_| !one_at_most);
    list::answer(asked, &list.listing, path, "nodes", &views, last)
}

/// A node of which only [`LIST_FIELDS`] are filled.
fn summarised(summary: NodeSummary) -> Node {
    let state = ProvisionState::parse(&summary.provision_state).unwrap_or(ProvisionState::Error);
    Node {
        name: summary.name,
        instance_uuid: summary.instance_uuid,
        maintenance: summary.maintenance,
        power_state: summary.power_state.as_deref().and_then(PowerState::parse),
        ..Node::blank(NodeId(summary.id), state, DateTime::UNIX_EPOCH)
    }
}

/// The store's filter; `None` when no node can meet the conditions.
fn filter(api: &Api, conditions: &NodeConditions) -> Option<NodeFilter> {
    let asked = conditions.clone();
    if asked.conductor.is_some_and(|host| host != api.settings.host) {
        return None;
    }
    Some(NodeFilter {
        chassis_uuid: asked.chassis_uuid,
        instance_uuid: asked.instance_uuid,
        associated: asked.associated,
        maintenance: asked.maintenance,
        retired: asked.retired,
        provision_state: asked.provision_state,
        driver: asked.driver,
        resource_class: asked.resource_class,
        fault: asked.fault,
        conductor_group: asked.conductor_group,
        owner: asked.owner,
        lessee: asked.lessee,
        description_contains: asked.description_contains,
        shards: asked.shards,
        sharded: asked.sharded,
        without_children: asked.parent_node.is_none() && !asked.include_children,
        parent_node: asked.parent_node,
        ..NodeFilter::default()
    })
}
