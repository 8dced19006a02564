//! The operations listener: health, readiness, metrics, audit. On loopback only.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::audit::{AuditSource, judge};

/// Answers whether a part is ready, or why not.
pub type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What the listener needs.
#[derive(Clone)]
pub struct Ops {
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Asks the store.
    pub store: Probe,
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
    match (ops.store)().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the store does not answer: {reason}\n")).into_response()
        }
    }
}

async fn render(State(ops): State<Ops>) -> String {
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
    use crate::audit::NodeFacts;

    struct NoNodes;

    #[async_trait]
    impl AuditSource for NoNodes {
        async fn facts(&self) -> anyhow::Result<Vec<NodeFacts>> {
            Ok(Vec::new())
        }
    }

    async fn status(store: Result<(), String>, path: &str) -> StatusCode {
        let store: Probe = Arc::new(move || Box::pin(std::future::ready(store.clone())));
        let ops = Ops { metrics: PrometheusBuilder::new().build_recorder().handle(), store, audit: Arc::new(NoNodes) };
        let request = Request::get(path).body(Body::empty()).unwrap();
        router(ops).oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn not_ready_is_not_the_same_as_not_alive() {
        let broken = Err("disk full".to_owned());
        assert_eq!(status(broken.clone(), "/healthz").await, StatusCode::OK);
        assert_eq!(status(broken, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(Ok(()), "/readyz").await, StatusCode::OK);
        assert_eq!(status(Ok(()), "/metrics").await, StatusCode::OK);
        assert_eq!(status(Ok(()), "/v1/audit").await, StatusCode::OK);
    }
}
