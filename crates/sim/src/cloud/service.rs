//! One of the two services: a port of its own, on which it can stop and start again.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    gate::{Gate, Service},
    keystone, neutron,
    state::CloudState,
};
use crate::{
    line::{Line, Lines},
    world::locked,
};

/// A service that may run.
pub(super) struct Runner {
    service: Service,
    address: SocketAddr,
    cloud: Arc<CloudState>,
    running: Mutex<CancellationToken>,
}

impl Runner {
    /// A service that does not run yet.
    pub(super) fn new(service: Service, port: u16, cloud: Arc<CloudState>) -> Self {
        Self { service, address: (Ipv4Addr::LOCALHOST, port).into(), cloud, running: Mutex::default() }
    }

    /// Starts it again, or for the first time.
    pub(super) async fn start(&self) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        let stop = CancellationToken::new();
        let gate = Gate { cloud: self.cloud.clone(), service: self.service, stop: stop.clone() };
        let service = router(gate).into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(Lines::new(listener, &stop), service).into_future();
        locked(&self.running).cancel();
        *locked(&self.running) = stop.clone();
        tokio::spawn(stop.run_until_cancelled_owned(serving));
        Ok(())
    }

    /// Refuses new connections and cuts those that there are; requests under way are not carried out.
    pub(super) fn stop(&self) {
        locked(&self.running).cancel();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
    }
}

fn router(gate: Gate) -> Router {
    match gate.service {
        Service::Keystone => keystone::router(gate),
        Service::Neutron => neutron::router(gate),
    }
}
