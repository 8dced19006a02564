//! The TCP sockets of the listeners: all are opened before anything runs, so that a port in use
//! refuses the start and names the option that moves it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::config::Config;

/// One socket for each HTTP listener.
#[derive(Debug)]
pub struct Sockets {
    /// The bare metal API.
    pub api: TcpListener,
    /// The introspection API.
    pub introspection: TcpListener,
    /// Boot files and callbacks.
    pub boot: TcpListener,
    /// Health, metrics and audit.
    pub ops: TcpListener,
}

impl Sockets {
    /// Opens all of them.
    ///
    /// # Errors
    /// The system's refusal, with address and option.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let (api, assay, introspection) = (&config.api, &config.assay, &config.inspector_service);
        Ok(Self {
            api: open(api.host_ip, api.port, "[api] port").await?,
            introspection: open(
                introspection.listen_address,
                introspection.listen_port,
                "[inspector_service] listen_port",
            )
            .await?,
            boot: open(assay.boot_address.into(), assay.boot_port, "[assay] boot_port").await?,
            ops: open(Ipv4Addr::LOCALHOST.into(), assay.ops_port, "[assay] ops_port").await?,
        })
    }
}

/// `option` is what sets the port.
async fn open(address: IpAddr, port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.with_context(|| format!("TCP {address} can't be listened on; {option} moves it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_refused_with_the_option_that_moves_it() {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let holder = open(local, 0, "[api] port").await.unwrap();
        let port = holder.local_addr().unwrap().port();
        let text = format!("{:#}", open(local, port, "[api] port").await.unwrap_err());
        assert!(
            text.starts_with(&format!("TCP 127.0.0.1:{port} can't be listened on; [api] port moves it: ")),
            "{text}"
        );
        assert!(text.contains("in use"), "{text}");
    }
}
