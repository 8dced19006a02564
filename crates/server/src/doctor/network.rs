//! Needs that are addresses and ports. Ports are tried, since that alone tells of capabilities,
//! other programs and network namespaces.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use super::Check;
use crate::config::Config;

/// How long a running assay has to show that it is one.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of its metrics that are looked at.
const LONGEST_ANSWER: u64 = 1 << 20;
/// The port of DHCP servers.
const DHCP_PORT: u16 = 67;

/// The boot address belongs to this machine, and others can reach it.
pub fn addresses(config: &Config) -> Vec<Check> {
    const WHAT: &str = "boot address";
    let address = config.assay.boot_address;
    let boot = match UdpSocket::bind((address, 0)) {
        Err(error) => Check::missing(
            WHAT,
            format!("{address} is not an address of this machine: {error}"),
            "set [assay] boot_address to one on the inspection network; `ip address` lists them",
        ),
        Ok(_) if address.is_loopback() => {
            Check::note(WHAT, format!("{address}: no machine but this one reaches it; set [assay] boot_address"))
        }
        Ok(_) => Check::met(WHAT, format!("{address} is an address of this machine")),
    };
    [Some(boot), dhcp_interface(config)].into_iter().flatten().collect()
}

fn dhcp_interface(config: &Config) -> Option<Check> {
    const WHAT: &str = "DHCP interface";
    let Some(name) = &config.assay.dhcp_interface else {
        return Some(Check::note(WHAT, "[assay] dhcp_interface is unset: no DHCP is served"));
    };
    let there = Path::new("/sys/class/net").join(name).exists();
    Some(if there {
        Check::met(WHAT, format!("{name} is there"))
    } else {
        Check::missing(WHAT, format!("{name} is not there"), "set [assay] dhcp_interface; `ip link` lists them")
    })
}

/// Every port can be listened on, unless a running assay does so already.
pub fn ports(config: &Config) -> Vec<Check> {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (api, assay) = (&config.api, &config.assay);
    let running = is_assay(SocketAddr::new(local, assay.ops_port));
    let tcp = [
        ("API port", api.host_ip, api.port, "[api] port"),
        ("boot port", IpAddr::V4(assay.boot_address), assay.boot_port, "[assay] boot_port"),
        ("operations port", local, assay.ops_port, "[assay] ops_port"),
    ];
    let mut checks: Vec<Check> = tcp
        .into_iter()
        .map(|(what, address, port, option)| {
            let address = SocketAddr::new(address, port);
            judge(what, "TCP", address, option, running, TcpListener::bind(address).map(drop))
        })
        .collect();
    let tftp = SocketAddr::from((assay.boot_address, assay.tftp_port));
    checks.push(judge("TFTP port", "UDP", tftp, "[assay] tftp_port", running, UdpSocket::bind(tftp).map(drop)));
    if let Some(interface) = &assay.dhcp_interface {
        let dhcp = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DHCP_PORT));
        checks.push(judge("DHCP port", "UDP", dhcp, "[assay] dhcp_interface", running, bind_dhcp(interface, dhcp)));
    }
    checks
}

/// As the DHCP server binds: to one interface, beside a relay or client of another.
fn bind_dhcp(interface: &str, address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&address.into())
}

/// Whether an assay answers at its operations listener.
fn is_assay(address: SocketAddr) -> bool {
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains("assay_"))
}

fn judge(
    what: &'static str,
    protocol: &str,
    address: SocketAddr,
    option: &str,
    running: bool,
    bound: io::Result<()>,
) -> Check {
    match bound.map_err(|error| (error.kind(), error)) {
        Ok(()) => Check::met(what, format!("{protocol} {address} is free")),
        Err((ErrorKind::AddrInUse, _)) if running => {
            Check::met(what, format!("{protocol} {address}: assay is running"))
        }
        Err((ErrorKind::AddrInUse, _)) => Check::missing(
            what,
            format!("{protocol} {address} is used by another program"),
            format!("`ss -lnp` shows which; stop it, or set {option}"),
        ),
        Err((ErrorKind::PermissionDenied, _)) => Check::missing(
            what,
            format!("{protocol} {address} is not allowed to this user"),
            format!("run as root or with CAP_NET_BIND_SERVICE (DHCP: CAP_NET_RAW, too), or set {option}"),
        ),
        Err((_, error)) => Check::missing(what, format!("{protocol} {address}: {error}"), format!("set {option}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_port_of_another_program_is_missing_and_one_of_ours_is_not() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = holder.local_addr().unwrap();
        let check =
            |running| judge("API port", "TCP", address, "[api] port", running, TcpListener::bind(address).map(drop));
        assert!(matches!(check(false).state, State::Missing(remedy) if remedy.contains("[api] port")));
        assert_eq!(check(true).state, State::Met);
    }
}
