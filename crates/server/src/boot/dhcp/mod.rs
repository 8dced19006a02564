//! The DHCP server's sockets: bound to one interface, answering only NICs whose run waits.
//!
//! **Invariant:** a packet is answered by at most one packet, and there is no socket at all unless
//! `[assay] dhcp_interface` is set.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::{Duration, SystemTime},
};

use assay_core::boot::{DhcpProvider, sign::Sign};
use dhcproto::{
    Encodable as _,
    v4::{Message, MessageType},
};
use metrics::counter;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::boot::{
    ActiveBoot, BootDirectory, BootListenerConfig, DhcpConfig, DhcpMode,
    content::BootContent,
    leases::Leases,
    network::{InterfaceError, netmask},
};
use crate::metrics::DHCP;

pub mod answer;
pub mod request;

use answer::{Answer, DhcpContext};
use request::Request;

const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// Where firmware asks a proxy server again after its address came from another (PXE 2.1).
const PROXY_PORT: u16 = 4011;

/// The shortest answer that old clients take: BOOTP's packet (RFC 1542 §2.1).
const MIN_ANSWER: usize = 300;

/// Requests that are looked at in a second. Two thousand machines that boot at once send fewer.
const PER_SECOND: u32 = 2000;

/// The DHCP server can't start.
#[derive(Debug, thiserror::Error)]
pub enum DhcpError {
    /// The interface does not fit.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The range does not lie in the interface's network, or holds our own address.
    #[error("[assay] dhcp_range {0}-{1} must lie in the network of boot_address {2}, without that address")]
    Range(Ipv4Addr, Ipv4Addr, Ipv4Addr),
    /// The kernel refuses the socket.
    #[error("UDP port {port} on {interface} can't be bound (is another DHCP server running?): {source}")]
    Bind {
        /// The port.
        port: u16,
        /// The interface.
        interface: String,
        /// Why.
        source: io::Error,
    },
}

/// A server that is bound and not yet running.
pub struct DhcpServer {
    sockets: Vec<UdpSocket>,
    core: DhcpCore,
}

/// All of the server but its sockets.
pub struct DhcpCore {
    /// What all answers share.
    pub context: DhcpContext,
    /// Who waits, and where signs of life go.
    pub content: Arc<BootContent>,
    /// The leases, shared with those who look them up.
    pub leases: Arc<Leases>,
    /// Where leases are kept.
    pub directory: Arc<dyn BootDirectory>,
}

impl DhcpServer {
    /// Checks the configuration against the interface and binds the sockets.
    ///
    /// # Errors
    /// [`DhcpError`], in words for the operator.
    pub fn bind(
        config: &BootListenerConfig,
        dhcp: &DhcpConfig,
        content: Arc<BootContent>,
        leases: Arc<Leases>,
        directory: Arc<dyn BootDirectory>,
    ) -> Result<Self, DhcpError> {
        let server = config.boot_address;
        let netmask = netmask(&dhcp.interface, server)?;
        let ports: &[u16] = match dhcp.mode {
            DhcpMode::Full { range, .. } => {
                check_range(range, server, netmask)?;
                &[SERVER_PORT]
            }
            DhcpMode::Proxy => &[SERVER_PORT, PROXY_PORT],
        };
        let context = DhcpContext {
            server,
            netmask,
            mode: dhcp.mode.clone(),
            loaders: config.loaders.clone(),
            http_url: config.http_url.clone(),
        };
        let sockets = ports.iter().map(|port| {
            bind_socket(&dhcp.interface, *port).map_err(|source| DhcpError::Bind {
                port: *port,
                interface: dhcp.interface.clone(),
                source,
            })
        });
        Ok(Self { sockets: sockets.collect::<Result<_, _>>()?, core: DhcpCore { context, content, leases, directory } })
    }

    /// Answers until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let Self { sockets, core } = self;
        let loops = sockets.iter().map(|socket| core.serve(socket));
        stop.run_until_cancelled(futures::future::join_all(loops)).await;
    }
}

fn check_range(range: (Ipv4Addr, Ipv4Addr), server: Ipv4Addr, netmask: Ipv4Addr) -> Result<(), DhcpError> {
    let network = server & netmask;
    let inside = range.0 & netmask == network && range.1 & netmask == network && range.0 <= range.1;
    let usable = range.0 != network && range.1 != network | !netmask && !(range.0..=range.1).contains(&server);
    if inside && usable { Ok(()) } else { Err(DhcpError::Range(range.0, range.1, server)) }
}

fn bind_socket(interface: &str, port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    UdpSocket::from_std(socket.into())
}

impl DhcpCore {
    async fn serve(&self, socket: &UdpSocket) {
        let mut packet = [0; 1500];
        let mut pace = Pace { left: PER_SECOND, since: Instant::now() };
        loop {
            let Ok((len, from)) = socket.recv_from(&mut packet).await else {
                // The interface may be down for a moment.
                sleep(Duration::from_millis(200)).await;
                continue;
            };
            if !pace.admits(Instant::now()) {
                continue;
            }
            if let Some((message, to)) = self.handle(&packet[..len], from, SystemTime::now()).await
                && let Err(error) = send(socket, &message, to).await
            {
                tracing::warn!(dhcp.to = %to, %error, "a DHCP answer could not be sent");
            }
        }
    }

    /// The answer to a packet, and where it goes.
    pub async fn handle(&self, packet: &[u8], from: SocketAddr, now: SystemTime) -> Option<(Message, SocketAddr)> {
        let request = Request::parse(packet)?;
        let boot = self.content.by_mac(request.mac).await?;
        if boot.record.dhcp != DhcpProvider::Own {
            self.overheard(&request, &boot).await;
            return None;
        }
        let answer = self.context.answer(&request, &boot.record, &self.leases, now);
        counter!(DHCP, "outcome" => if answer.is_some() { "answered" } else { "not_answered" }).increment(1);
        let Some(answer) = answer else {
            tracing::debug!(port.mac = %request.mac, dhcp.kind = ?request.kind, "no DHCP answer is due");
            return None;
        };
        if let Some(lease) = answer.lease {
            self.directory.keep_lease(lease).await;
        }
        self.note(&request, &answer, &boot).await;
        let to = destination(&answer.message, from);
        Some((answer.message, to))
    }

    /// Another server gives the address, but the client's request is heard: it takes what was offered.
    async fn overheard(&self, request: &Request, boot: &ActiveBoot) {
        if request.kind == MessageType::Request {
            let wanted = request.wants.unwrap_or(request.ciaddr);
            let what = format!("{} asked another server for {wanted}", who(request));
            self.content.saw(boot, sign_of(request), Some(request.mac), &what).await;
        }
    }

    /// An ACK is a sign of life; so is a proxy's offer, since the ACK may be another server's.
    async fn note(&self, request: &Request, answer: &Answer, boot: &ActiveBoot) {
        let kind = answer.message.opts().msg_type();
        let proxy = self.context.mode == DhcpMode::Proxy;
        if kind != Some(MessageType::Ack) && !proxy {
            return;
        }
        let who = who(request);
        let what = match answer.lease {
            Some(lease) => format!("{who} got {}", lease.address),
            None => format!("{who} got boot options"),
        };
        self.content.saw(boot, sign_of(request), Some(request.mac), &what).await;
    }
}

const fn sign_of(request: &Request) -> Sign {
    if request.boots() { Sign::Dhcp } else { Sign::RamdiskDhcp }
}

/// What kind of client asks, in words.
fn who(request: &Request) -> String {
    match (request.client.ipxe, request.client.arch) {
        (true, _) => "iPXE".to_owned(),
        (false, Some(arch)) => format!("firmware of architecture {arch}"),
        (false, None) if request.boots() => "firmware".to_owned(),
        (false, None) => "ramdisk".to_owned(),
    }
}

/// A client that has its address is answered there (and, on the proxy port, where it asked from);
/// one that has none is reached by broadcast, as is one that must forget its address.
fn destination(answer: &Message, from: SocketAddr) -> SocketAddr {
    let has_address = !answer.ciaddr().is_unspecified() && answer.opts().msg_type() != Some(MessageType::Nak);
    match from {
        SocketAddr::V4(from) if !from.ip().is_unspecified() && from.port() != CLIENT_PORT => from.into(),
        _ if has_address => SocketAddrV4::new(answer.ciaddr(), CLIENT_PORT).into(),
        _ => SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT).into(),
    }
}

async fn send(socket: &UdpSocket, message: &Message, to: SocketAddr) -> io::Result<()> {
    let mut packet = message.to_vec().map_err(io::Error::other)?;
    packet.resize(packet.len().max(MIN_ANSWER), 0);
    socket.send_to(&packet, to).await.map(drop)
}

/// How many more requests are looked at in this second.
struct Pace {
    left: u32,
    since: Instant,
}

impl Pace {
    fn admits(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self { left: PER_SECOND, since: now };
        }
        let admitted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        admitted
    }
}

#[cfg(test)]
mod tests;
