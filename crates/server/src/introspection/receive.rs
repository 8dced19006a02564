//! `POST /v1/continue`: what a ramdisk posts that was booted without the secret of a run.
//!
//! **Invariant:** the answer is made of what was posted alone, unless an introspection that may be
//! reached this way waits for it (promise S9).

use assay_core::inventory::{Body, BodyError as Malformed};
use assay_wire::introspection::{failed_hooks, nobody_waits};
use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use metrics::counter;
use serde_json::{Value, json};

use super::{IntrospectionApi, Refused};
use crate::{
    api::{ApiError, BodyError},
    metrics::{CALLBACKS_ACCEPTED, CALLBACKS_REFUSED},
};

/// Answers when the hooks have worked: a ramdisk whose data are of no use is told so.
pub async fn plain(State(api): State<IntrospectionApi>, request: Request) -> Response {
    match take(&api, request).await {
        Ok(answer) => {
            counter!(CALLBACKS_ACCEPTED).increment(1);
            Json(answer).into_response()
        }
        Err(refused) => {
            counter!(CALLBACKS_REFUSED, "reason" => "introspection").increment(1);
            tracing::warn!(status = refused.status.as_u16(), "a ramdisk's post was refused: {}", refused.text);
            refused.into_response()
        }
    }
}

async fn take(api: &IntrospectionApi, request: Request) -> Result<Value, Refused> {
    let (bytes, _room) = api.callbacks.read(request).await?;
    let body = Body::parse(&bytes, &api.callbacks.limits).map_err(|wrong| match wrong {
        wrong @ (Malformed::Limit(_) | Malformed::NotAnObject(_)) => Refused::invalid(wrong.to_string()),
        wrong => Refused::invalid(failed_hooks(&wrong.to_string())),
    })?;
    let taken = match api.callbacks.plain {
        true => api.conductor.introspected(bytes).await,
        false => Err(BodyError::NotExpected("the plain path is switched off".to_owned())),
    };
    match taken {
        Ok(node) => Ok(json!({"uuid": node})),
        Err(BodyError::NotExpected(why)) => {
            tracing::info!("nobody waits for a ramdisk's post: {why}");
            Err(Refused::invalid(nobody(&body)))
        }
        Err(BodyError::Invalid(why)) => Err(Refused::invalid(failed_hooks(&why))),
        Err(other) => Err(ApiError::from(other).into()),
    }
}

fn nobody(body: &Body) -> String {
    let bmc_addresses: Vec<String> = body.view.bmc_addresses().map(|address| address.to_string()).collect();
    let macs: Vec<String> = body.view.macs().map(|mac| mac.to_string()).collect();
    nobody_waits(&bmc_addresses, &macs)
}
