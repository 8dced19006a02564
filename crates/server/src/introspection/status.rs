//! `GET /v1/introspection[/<node>]`: where introspections stand.

use assay_core::{
    id::NodeId,
    run::{Run, introspection::Introspection},
};
use assay_store::{
    Conn, StoreError, nodes,
    runs::{self, RunRow},
};
use assay_wire::introspection::{ListQuery, Status};
use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{IntrospectionApi, Refused, envelope::Base};
use crate::{
    api::extract::{Args, ok, under},
    conductor::parse_run,
};

/// How many runs are looked at in one go.
const STRETCH: u64 = 200;

/// One node's.
pub async fn one(
    State(api): State<IntrospectionApi>,
    Base(base): Base,
    Path(ident): Path<String>,
) -> Result<Response, Refused> {
    let (_, run) = last_run(&api.store.read(), &ident).await?;
    Ok(ok(&Status::of(run.node, Introspection::from(&run), &base))?)
}

/// The last introspection of the node that a path names.
pub async fn last_run(conn: &Conn<'_>, ident: &str) -> Result<(RunRow, Run), Refused> {
    let unknown = || Refused::not_found(format!("Could not find node {ident} in cache"));
    let node = node(conn, ident).await?.ok_or_else(unknown)?;
    let row = runs::last_inspection(conn, node).await?.ok_or_else(unknown)?;
    let run = parse_run(&row)?;
    Ok((row, run))
}

/// The node that a path names, by UUID or name.
pub async fn node(conn: &Conn<'_>, ident: &str) -> Result<Option<NodeId>, Refused> {
    match nodes::find(conn, ident).await {
        Ok(row) => Ok(Some(row.node.id)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// All of them, the last that was started first.
pub async fn list(
    State(api): State<IntrospectionApi>,
    Base(base): Base,
    Args(mut arguments): Args,
) -> Result<Response, Refused> {
    let query = ListQuery::take(&mut arguments, api.max_limit)?;
    let conn = api.store.read();
    let mut after = match query.marker {
        Some(node) => Some(last_run(&conn, &node.to_string()).await?.0),
        None => None,
    };
    let mut statuses = Vec::new();
    while statuses.len() < query.limit {
        let rows = runs::last_inspections(&conn, after.as_ref(), STRETCH).await?;
        for row in &rows {
            let introspection = Introspection::from(&parse_run(row)?);
            let wanted = query.states.is_empty() || query.states.contains(&introspection.state);
            if wanted && statuses.len() < query.limit {
                statuses.push(Status::of(row.node_id, introspection, &base));
            }
        }
        let Some(last) = rows.into_iter().last() else { break };
        after = Some(last);
    }
    Ok(ok(&under("introspection", statuses))?)
}
