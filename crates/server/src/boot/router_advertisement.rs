//! IPv6 router advertisements for iPXE, which waits 13 s on each boot for a router that answers.
//!
//! **Invariant:** an advertisement is sent only when a NIC whose run waits has asked for one, and
//! names no router (lifetime 0) and no prefix, so that no host's routes change.

use std::{
    io,
    net::{Ipv6Addr, SocketAddrV6, UdpSocket as StdUdpSocket},
    sync::Arc,
    time::Duration,
};

use assay_core::mac::MacAddress;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::boot::{content::BootContent, network::link_local};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// ICMPv6 type 134 (RFC 4861 §4.2): hop limit 64, no flags, router lifetime 0, all times unspecified.
/// The kernel fills in the checksum.
const ADVERTISEMENT: [u8; 16] = [134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Answers router solicitations on one interface.
pub struct RouterAdvertiser {
    socket: UdpSocket,
    to: SocketAddrV6,
    content: Arc<BootContent>,
}

impl RouterAdvertiser {
    /// Opens the socket. `None`: the interface speaks no IPv6, so nobody can be answered on it.
    ///
    /// # Errors
    /// What the kernel says, mostly that raw sockets take more rights.
    pub fn bind(interface: &str, content: Arc<BootContent>) -> io::Result<Option<Self>> {
        let Some((index, _)) = link_local(interface).map_err(io::Error::other)? else { return Ok(None) };
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
        socket.bind_device(Some(interface.as_bytes()))?;
        socket.join_multicast_v6(&ALL_ROUTERS, index)?;
        socket.set_multicast_if_v6(index)?;
        // Receivers drop advertisements that may have crossed a router (RFC 4861 §6.1.2).
        socket.set_multicast_hops_v6(255)?;
        socket.set_multicast_loop_v6(false)?;
        socket.set_nonblocking(true)?;
        // Tokio's UDP socket only sends to and receives from addresses, which a raw socket does alike.
        let socket = UdpSocket::from_std(StdUdpSocket::from(socket))?;
        Ok(Some(Self { socket, to: SocketAddrV6::new(ALL_NODES, 0, 0, index), content }))
    }

    /// Answers until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.serve()).await;
    }

    async fn serve(&self) {
        let mut packet = [0; 512];
        loop {
            let Ok((len, _)) = self.socket.recv_from(&mut packet).await else {
                sleep(Duration::from_millis(200)).await;
                continue;
            };
            let Some(mac) = solicitor(&packet[..len]) else { continue };
            if self.content.by_mac(mac).await.is_none() {
                continue;
            }
            match self.socket.send_to(&ADVERTISEMENT, self.to).await {
                Ok(_) => tracing::debug!(port.mac = %mac, "router solicitation answered"),
                Err(error) => tracing::warn!(port.mac = %mac, %error, "a router advertisement could not be sent"),
            }
        }
    }
}

/// The NIC that sent a router solicitation (ICMPv6 type 133), from its source link-layer option
/// (type 1, length 1 unit of 8 bytes; RFC 4861 §4.6.1).
fn solicitor(packet: &[u8]) -> Option<MacAddress> {
    let mut options = match packet {
        [133, 0, _, _, _, _, _, _, options @ ..] => options,
        _ => return None,
    };
    while let [kind, units, ..] = *options {
        if units == 0 {
            return None;
        }
        let (option, rest) = options.split_at_checked(usize::from(units) * 8)?;
        if let (1, [_, 1, mac @ ..]) = (kind, option) {
            return mac.try_into().ok().map(MacAddress);
        }
        options = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solicitation_names_its_nic() {
        let head = [133, 0, 0xab, 0xcd, 0, 0, 0, 0];
        let nonce = [14, 1, 1, 2, 3, 4, 5, 6];
        let source = [1, 1, 0x52, 0x54, 0, 0xab, 0xcd, 1];
        let mac: MacAddress = "52:54:00:ab:cd:01".parse().unwrap();
        assert_eq!(solicitor(&[head, source].concat()), Some(mac));
        assert_eq!(solicitor(&[head, nonce, source].concat()), Some(mac));
    }

    #[test]
    fn s10_other_packets_name_none() {
        let head = [133, 0, 0, 0, 0, 0, 0, 0];
        for packet in [
            vec![],
            vec![133],
            head.to_vec(),
            [&head[..], &[1, 0, 0, 0, 0, 0, 0, 0]].concat(),
            [&head[..], &[1, 200, 0, 0]].concat(),
            [&head[..], &[1]].concat(),
            vec![134, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6],
        ] {
            assert_eq!(solicitor(&packet), None, "{packet:?}");
        }
    }
}
