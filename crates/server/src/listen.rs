//! The sockets of the service: all are opened before anything runs, so that a port in use refuses
//! the start and names the option that moves it.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use tokio::net::{TcpListener, UdpSocket};

/// Listens on TCP; `option` is what sets the port, such as `[api] port`.
///
/// # Errors
/// The system's refusal, with address and option.
pub async fn tcp(address: IpAddr, port: u16, option: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.with_context(|| refusal("TCP", address, option))
}

/// Binds a UDP socket; `option` is what sets the port, such as `[assay] tftp_port`.
///
/// # Errors
/// The system's refusal, with address and option.
pub async fn udp(address: IpAddr, port: u16, option: &str) -> anyhow::Result<UdpSocket> {
    let address = SocketAddr::new(address, port);
    UdpSocket::bind(address).await.with_context(|| refusal("UDP", address, option))
}

fn refusal(protocol: &str, address: SocketAddr, option: &str) -> String {
    let right = if address.port() < 1024 && address.port() != 0 {
        "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
    } else {
        ""
    };
    format!("{protocol} {address} can't be listened on ({option}){right}")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_refused_with_the_option_that_moves_it() {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let holder = tcp(local, 0, "[api] port").await.unwrap();
        let port = holder.local_addr().unwrap().port();
        let refused = tcp(local, port, "[api] port").await.unwrap_err();
        let text = format!("{refused:#}");
        assert!(text.contains(&format!("TCP 127.0.0.1:{port} can't be listened on ([api] port): ")), "{text}");
        assert!(text.contains("in use"), "{text}");
    }
}
