//! A Redfish BMC for all machines of the world, on one port. Its shapes and its manners are those
//! of sushy-tools 2.2; where a knob of [`Hardware`](crate::Hardware) says so, those of stricter ones.

mod drive;
mod gate;
mod request;
mod resources;
mod sessions;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{self, Path, State},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub use request::Request;

use crate::{
    line::{Line, Lines},
    machine::Machine,
    world::Fleet,
};

/// Opens the BMC on a free port of the loopback; it serves until `stop`.
pub(crate) async fn start(fleet: Arc<Fleet>, stop: CancellationToken) -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let service = router(fleet).into_make_service_with_connect_info::<Line>();
    tokio::spawn(async move {
        let serving = axum::serve(Lines::new(listener, &stop), service);
        stop.run_until_cancelled(serving.into_future()).await
    });
    Ok(address)
}

fn router(fleet: Arc<Fleet>) -> Router {
    let system = "/redfish/v1/Systems/{id}";
    Router::new()
        .route("/redfish/v1", get(resources::root))
        .route("/redfish/v1/", get(resources::root))
        .route("/redfish/v1/SessionService/Sessions", post(sessions::create))
        .route("/redfish/v1/SessionService/Sessions/{id}", delete(sessions::delete))
        .route("/redfish/v1/Systems", get(resources::systems))
        .route(system, get(resources::system).patch(resources::set_boot))
        .route(&format!("{system}/EthernetInterfaces"), get(resources::interfaces))
        .route(&format!("{system}/EthernetInterfaces/{{mac}}"), get(resources::interface))
        .route(&format!("{system}/Actions/ComputerSystem.Reset"), post(reset))
        .route(&format!("{system}/VirtualMedia"), get(drive::drives))
        .route(&format!("{system}/VirtualMedia/Cd"), get(drive::drive))
        .route(&format!("{system}/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia"), post(drive::insert))
        .route(&format!("{system}/VirtualMedia/Cd/Actions/VirtualMedia.EjectMedia"), post(drive::eject))
        .fallback(|| async { Refusal(StatusCode::NOT_FOUND, "Not Found") })
        .layer(from_fn_with_state(fleet.clone(), gate::gate))
        .with_state(fleet)
}

/// The machine with the system id of the path.
fn machine<'a>(fleet: &'a Fleet, id: &str) -> Result<&'a Arc<Machine>, Refusal> {
    fleet.by_system(id).ok_or(Refusal(StatusCode::NOT_FOUND, "The computer system was not found"))
}

async fn reset(
    State(fleet): State<Arc<Fleet>>,
    Path(id): Path<String>,
    request: extract::Request,
) -> Result<StatusCode, Refusal> {
    let machine = machine(&fleet, &id)?;
    match request.extensions().get::<Request>() {
        Some(Request::Other) | None => Err(Refusal(StatusCode::BAD_REQUEST, "ResetType is not known")),
        Some(kind) => {
            fleet.reset(machine, *kind);
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

/// An error in the form of Redfish.
struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let info = json!([{
            "@odata.type": "/redfish/v1/$metadata#Message.1.0.0.Message",
            "MessageId": "Base.1.0.GeneralError",
        }]);
        let error = json!({"code": "Base.1.0.GeneralError", "message": self.1, "@Message.ExtendedInfo": info});
        (self.0, axum::Json(json!({"error": error}))).into_response()
    }
}
