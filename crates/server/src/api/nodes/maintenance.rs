//! `/v1/nodes/<node>/maintenance`.

use assay_core::node::Node;
use assay_wire::states::maintenance_reason;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};

use super::{
    super::{
        Api, ApiError,
        extract::{Args, Asked, Json},
        locked::edit_node,
    },
    find,
};

/// Sets maintenance mode, with a reason.
pub async fn set(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
    Json(body): Json,
) -> Result<StatusCode, ApiError> {
    args.none()?;
    let reason = maintenance_reason(&body)?;
    change(&api, &asked, &ident, true, reason).await
}

/// Ends maintenance mode; reason and fault go with it.
pub async fn unset(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<StatusCode, ApiError> {
    args.none()?;
    change(&api, &asked, &ident, false, None).await
}

async fn change(
    api: &Api,
    asked: &Asked,
    ident: &str,
    maintenance: bool,
    reason: Option<String>,
) -> Result<StatusCode, ApiError> {
    find(api, asked, ident).await?;
    edit_node(api, ident, move |node| {
        Ok(Node { maintenance, maintenance_reason: reason.clone(), fault: None, ..node.clone() })
    })
    .await?;
    Ok(StatusCode::ACCEPTED)
}
