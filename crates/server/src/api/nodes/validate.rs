//! `GET /v1/nodes/<node>/validate`: what each interface says, without a lock.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    super::{
        Api, ApiError, Verdict,
        extract::{Args, Asked, ok},
    },
    find,
};

/// By path.
pub async fn by_path(
    State(api): State<Api>,
    asked: Asked,
    args: Args,
    Path(ident): Path<String>,
) -> Result<Response, ApiError> {
    args.none()?;
    validate(&api, &asked, &ident).await
}

/// The older form: `GET /v1/nodes/validate?node=<node>`.
pub async fn by_query(State(api): State<Api>, asked: Asked, Args(mut args): Args) -> Result<Response, ApiError> {
    let ident = args.take("node").or_else(|| args.take("node_uuid"));
    Args(args).none()?;
    let ident = ident.ok_or_else(|| ApiError::Invalid("Missing mandatory argument: node".to_owned()))?;
    validate(&api, &asked, &ident).await
}

async fn validate(api: &Api, asked: &Asked, ident: &str) -> Result<Response, ApiError> {
    let node = find(api, asked, ident).await?.node;
    let verdicts = api.conductor.validate(node.id).await?;
    let shown: BTreeMap<_, _> = verdicts.into_iter().map(|(kind, verdict)| (kind.as_str(), view(verdict))).collect();
    ok(&shown)
}

fn view(verdict: Verdict) -> Value {
    match verdict.reason {
        Some(reason) => json!({"result": verdict.result, "reason": reason}),
        None => json!({"result": verdict.result}),
    }
}
