//! `physical-network`: which physical network a port is on, by the address that its NIC had in the ramdisk.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

use super::{Change, Context, Findings, Hook};

pub(super) const HOOK: Hook =
    Hook { name: "physical-network", requires: &["validate-interfaces"], preprocess: None, main: Some(main) };

/// The longest name of a physical network that a port takes, in characters.
const LONGEST_NAME: usize = 64;

/// Physical networks by the addresses on them. Its text is `10.10.10.0/24:physnet_a,2001:db8::/64:physnet_b`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhysicalNetworkMap(Vec<(IpNet, String)>);

/// An item of the map can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum PhysicalNetworkMapError {
    #[error("{item:?} is no network and name as 192.0.2.0/24:physnet1")]
    NotAnItem { item: String },
    #[error("{item:?} has an address within the network before its prefix; the network is {network}")]
    HostBits { item: String, network: IpNet },
    #[error("{item:?} has a name that is empty or longer than {LONGEST_NAME} characters")]
    Name { item: String },
}

impl PhysicalNetworkMap {
    /// The network of the first item that holds the address.
    fn find(&self, ip: IpAddr) -> Option<&str> {
        self.0.iter().find(|(network, _)| network.contains(&ip)).map(|(_, name)| name.as_str())
    }
}

impl FromStr for PhysicalNetworkMap {
    type Err = PhysicalNetworkMapError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(parse_item).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_item(text: &str) -> Result<(IpNet, String), PhysicalNetworkMapError> {
    let item = || text.to_owned();
    let not_an_item = || PhysicalNetworkMapError::NotAnItem { item: item() };
    let (cidr, name) = text.rsplit_once(':').ok_or_else(not_an_item)?;
    let single = || cidr.trim().parse::<IpAddr>().map(IpNet::from);
    let network = cidr.trim().parse::<IpNet>().or_else(|_| single()).map_err(|_| not_an_item())?;
    if network != network.trunc() {
        return Err(PhysicalNetworkMapError::HostBits { item: item(), network: network.trunc() });
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(PhysicalNetworkMapError::Name { item: item() });
    }
    Ok((network, name.to_owned()))
}

/// The map decides, also over what the port had: it is the operator's own word, as in Ironic.
fn main(context: &Context<'_>, findings: &Findings) -> Result<Vec<Change>, String> {
    let map = &context.options.physical_networks;
    let changes = findings.nics_with_ports(context.view.ports).filter_map(|(nic, port)| {
        let physical_network = nic.ips.iter().find_map(|ip| map.find(*ip))?;
        let is_new = port.and_then(|port| port.physical_network.as_deref()) != Some(physical_network);
        is_new
            .then(|| Change::SetPortPhysicalNetwork { address: nic.mac, physical_network: physical_network.to_owned() })
    });
    Ok(changes.collect())
}
