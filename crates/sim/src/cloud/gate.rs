//! What every request to the cloud passes: it is noted, and meets its fault and the delay.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{CloudRequest, keystone, neutron, state::CloudState};
use crate::{fault::Fault, line::Line, mishap};

const BODY_LIMIT: usize = 1 << 20;

/// The two services.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Keystone,
    Neutron,
}

/// A service as long as it runs.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) cloud: Arc<CloudState>,
    pub(super) service: Service,
    pub(super) stop: CancellationToken,
}

/// Notes the request, delays it, and lets the fault happen that is planned for it, if any.
pub(super) async fn gate(
    State(gate): State<Gate>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let kind = gate.service.classify(parts.method.as_str(), parts.uri.path());
    let number = gate.cloud.log(gate.service).came(kind, &parts, &body);
    let marks = format!("{} {}", parts.uri, String::from_utf8_lossy(&body));
    let fault = gate
        .cloud
        .faults
        .meet(|(planned, mark)| planned.concerns(kind) && marks.contains(mark.as_deref().unwrap_or("")));
    let request = Request::from_parts(parts, Body::from(body));
    let stop = gate.stop.clone();
    mishap::unattended(&stop, async move {
        let mut response = gate.answer(fault, line, next, request).await;
        gate.cloud.log(gate.service).answered(number, response.status().as_u16());
        if let Ok(id) = HeaderValue::from_str(&format!("req-{}", Uuid::new_v4())) {
            response.headers_mut().insert("x-openstack-request-id", id);
        }
        response
    })
    .await
}

impl Gate {
    async fn answer(&self, fault: Option<Fault>, line: Line, next: Next, request: Request) -> Response {
        if matches!(self.service, Service::Neutron) {
            if self.cloud.starting.load(Ordering::SeqCst) {
                return (StatusCode::NOT_FOUND, "Not Found").into_response();
            }
            tokio::time::sleep(self.cloud.setup.latency).await;
        }
        mishap::answer(fault, line, self.service.refuse(), next, request).await
    }
}

impl Service {
    fn classify(self, method: &str, path: &str) -> CloudRequest {
        match self {
            Self::Keystone => CloudRequest::of_keystone(method, path),
            Self::Neutron => CloudRequest::of_neutron(method, path),
        }
    }

    fn refuse(self) -> fn(StatusCode) -> Response {
        match self {
            Self::Keystone => keystone::refuse,
            Self::Neutron => neutron::refuse,
        }
    }
}
