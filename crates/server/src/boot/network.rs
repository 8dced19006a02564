//! What the kernel says about a network interface, read from its `/proc` files: the only way
//! without unsafe code, and true for the network namespace that we are in.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An interface can't be used for DHCP.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// The kernel's table can't be read.
    #[error("{path} can't be read: {source}")]
    Proc {
        /// The file.
        path: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The interface has no network with our address.
    #[error("[assay] dhcp_interface {interface} is not up with a network that holds boot_address {address}")]
    NoNetwork {
        /// The interface.
        interface: String,
        /// The address.
        address: Ipv4Addr,
    },
}

/// The mask of the network on `interface` that `address` is in.
///
/// # Errors
/// [`InterfaceError`] when there is none.
pub fn netmask(interface: &str, address: Ipv4Addr) -> Result<Ipv4Addr, InterfaceError> {
    parse_netmask(&read("/proc/net/route")?, interface, address)
        .ok_or_else(|| InterfaceError::NoNetwork { interface: interface.to_owned(), address })
}

/// The kernel's index of `interface` and its link-local IPv6 address, if it has one.
///
/// # Errors
/// [`InterfaceError`] when the kernel does not tell.
pub fn link_local(interface: &str) -> Result<Option<(u32, Ipv6Addr)>, InterfaceError> {
    Ok(parse_link_local(&read("/proc/net/if_inet6")?, interface))
}

fn read(path: &'static str) -> Result<String, InterfaceError> {
    std::fs::read_to_string(path).map_err(|source| InterfaceError::Proc { path, source })
}

/// Lines of `interface destination gateway flags … mask …`, numbers in the host's byte order. The
/// connected network is the most specific route without a gateway that holds the address.
fn parse_netmask(routes: &str, interface: &str, address: Ipv4Addr) -> Option<Ipv4Addr> {
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(|bits| Ipv4Addr::from(bits.to_ne_bytes()));
    let connected = routes.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let (destination, gateway, mask) = (number(fields.get(1)?)?, number(fields.get(2)?)?, number(fields.get(7)?)?);
        let ours = fields[0] == interface && gateway.is_unspecified() && address & mask == destination;
        ours.then_some(mask)
    });
    connected.filter(|mask| !mask.is_unspecified()).max()
}

/// Lines of `address index prefix-length scope flags interface`, numbers in hex; scope 20 is the link.
fn parse_link_local(addresses: &str, interface: &str) -> Option<(u32, Ipv6Addr)> {
    addresses.lines().find_map(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let [address, index, _, "20", _, name] = fields[..] else { return None };
        let address = Ipv6Addr::from(u128::from_str_radix(address, 16).ok()?);
        (name == interface).then_some((u32::from_str_radix(index, 16).ok()?, address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.18 on x86-64 shows them.
    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
insp0\t00000000\t016416AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
insp0\t006416AC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
mgmt0\t000A16AC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
";
    const ADDRESSES: &str = "00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000002 02 40 00 80    insp0
fe8000000000000000fc00fffe000001 02 40 20 80    insp0
";

    #[test]
    #[cfg(target_endian = "little")]
    fn the_mask_is_that_of_the_connected_network() {
        let mask = |interface, address: [u8; 4]| parse_netmask(ROUTES, interface, address.into());
        assert_eq!(mask("insp0", [172, 22, 100, 1]), Some(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(mask("insp0", [172, 22, 10, 1]), None);
        assert_eq!(mask("eth9", [172, 22, 100, 1]), None);
        assert_eq!(parse_netmask("garbage\n\nx y", "x", Ipv4Addr::LOCALHOST), None);
    }

    #[test]
    fn the_link_local_address_comes_with_the_index() {
        assert_eq!(parse_link_local(ADDRESSES, "insp0"), Some((2, "fe80::fc:ff:fe00:1".parse().unwrap())));
        assert_eq!(parse_link_local(ADDRESSES, "lo"), None);
    }
}
