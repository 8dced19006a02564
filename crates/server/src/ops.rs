//! The operations listener: health, readiness, metrics, audit. On loopback only.

use std::{sync::Arc, time::Duration};

use assay_core::run::Phase;
use assay_store::{Store, conductors, runs};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    audit::{AuditSource, judge},
    conductor::parse_run,
    metrics::{DEBT, PORTS_HELD, QUEUED, WAITING},
};

/// What the listener needs.
#[derive(Clone)]
pub struct Ops {
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Has to answer for the service to be ready.
    pub store: Store,
    /// Goes and asks the world.
    pub audit: Arc<dyn AuditSource>,
}

/// The listener's paths.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(render))
        .route("/v1/audit", get(audit))
        .with_state(ops)
}

/// Ready when the store answers: the listeners are bound before this one serves.
async fn ready(State(ops): State<Ops>) -> Response {
    match conductors::list(&ops.store.read(), Duration::MAX).await {
        Ok(_) => "ready\n".into_response(),
        Err(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the store does not answer: {reason}\n")).into_response()
        }
    }
}

async fn render(State(ops): State<Ops>) -> String {
    // Gauges are read from the store; while it does not answer, they keep their last values.
    if let Ok(open) = runs::open_runs(&ops.store.read()).await {
        let count = |phase: Phase| open.iter().filter(|run| run.phase == phase.as_str()).count() as f64;
        gauge!(QUEUED).set(count(Phase::Queue));
        gauge!(WAITING).set(count(Phase::Wait));
        gauge!(DEBT).set(count(Phase::Settle));
        let held = open.iter().filter_map(|row| parse_run(row).ok()).map(|run| run.ports_held());
        gauge!(PORTS_HELD).set(held.sum::<usize>() as f64);
    }
    ops.metrics.run_upkeep();
    ops.metrics.render()
}

async fn audit(State(ops): State<Ops>) -> Response {
    match ops.audit.facts().await {
        Ok(facts) => Json(judge(&facts)).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use axum::{body::Body, http::Request};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    use super::*;
    use crate::audit::Facts;

    struct NoNodes;

    #[async_trait]
    impl AuditSource for NoNodes {
        async fn facts(&self) -> anyhow::Result<Facts> {
            Ok(Facts { nodes: Vec::new(), ports: Ok(Vec::new()) })
        }
    }

    #[tokio::test]
    async fn every_path_answers() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db").into(), &folder.path().join("key")).await.unwrap();
        let ops = Ops { metrics: PrometheusBuilder::new().build_recorder().handle(), store, audit: Arc::new(NoNodes) };
        for path in ["/healthz", "/readyz", "/metrics", "/v1/audit"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(router(ops.clone()).oneshot(request).await.unwrap().status(), StatusCode::OK, "{path}");
        }
    }
}
