//! The addresses of ports: given from the pools of a network's subnets.

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::{Value, json};

use super::{port::Port, store::Ports};
use crate::cloud::{
    neutron::problem::Problem,
    setup::{FakeNetwork, FakeSubnet},
};

impl Ports {
    /// Finds addresses for a port of the network: those that `fixed_ips` asks for or, without it,
    /// one of each IP version. Those of the port `own` are as free as those that nobody has.
    pub(super) fn addresses(
        &self,
        network: &FakeNetwork,
        fixed_ips: Option<&Value>,
        own: Option<&str>,
    ) -> Result<Value, Problem> {
        let id = network.id.to_string();
        let others = |port: &&Port| port.text("network_id") == id && Some(port.text("id")) != own;
        let used = self.ports.iter().filter(others).flat_map(Port::addresses).filter_map(|ip| ip.parse().ok());
        let mut given = Giver { network, used: used.collect() };
        let addresses: Result<Vec<Value>, Problem> = match fixed_ips.and_then(Value::as_array) {
            Some(wanted) => named_first(wanted).into_iter().map(|wanted| given.give(wanted)).collect(),
            None => given.one_of_each_version(),
        };
        addresses.map(Value::Array)
    }
}

/// Requests for a certain address before those for any.
fn named_first(wanted: &[Value]) -> Vec<&Value> {
    let (named, any): (Vec<_>, Vec<_>) = wanted.iter().partition(|wanted| wanted["ip_address"].is_string());
    named.into_iter().chain(any).collect()
}

struct Giver<'a> {
    network: &'a FakeNetwork,
    used: BTreeSet<IpAddr>,
}

impl Giver<'_> {
    fn one_of_each_version(&mut self) -> Result<Vec<Value>, Problem> {
        let mut given = Vec::new();
        for v4 in [true, false] {
            let of_version = |subnet: &FakeSubnet| subnet.cidr.addr().is_ipv4() == v4;
            if self.network.subnets.iter().any(of_version) {
                given.push(self.any(of_version)?);
            }
        }
        Ok(given)
    }

    fn give(&mut self, wanted: &Value) -> Result<Value, Problem> {
        let subnet_id = wanted["subnet_id"].as_str();
        match wanted["ip_address"].as_str() {
            Some(address) => self.certain(address),
            None => self.any(|subnet| subnet_id.is_none_or(|id| subnet.id.to_string() == id)),
        }
    }

    fn certain(&mut self, text: &str) -> Result<Value, Problem> {
        let address: IpAddr =
            text.parse().map_err(|_| Problem::invalid("fixed_ips", &format!("'{text}' is not a valid IP address.")))?;
        let subnet = self.network.subnets.iter().find(|subnet| subnet.cidr.contains(&address));
        let subnet = subnet.ok_or_else(|| outside(text))?;
        if !self.used.insert(address) {
            return Err(Problem::conflict("IpAddressInUse", in_use(self.network, text)));
        }
        Ok(json!({"subnet_id": subnet.id, "ip_address": address}))
    }

    fn any(&mut self, fits: impl Fn(&FakeSubnet) -> bool) -> Result<Value, Problem> {
        for subnet in self.network.subnets.iter().filter(|subnet| fits(subnet)) {
            if let Some(address) = pool(subnet).find(|address| !self.used.contains(address)) {
                self.used.insert(address);
                return Ok(json!({"subnet_id": subnet.id, "ip_address": address}));
            }
        }
        let message = format!("No more IP addresses available on network {}.", self.network.id);
        Err(Problem::conflict("IpAddressGenerationFailure", message))
    }
}

fn pool(subnet: &FakeSubnet) -> Box<dyn Iterator<Item = IpAddr>> {
    match subnet.pool {
        Some((IpAddr::V4(first), IpAddr::V4(last))) => {
            Box::new((u32::from(first)..=u32::from(last)).map(|bits| IpAddr::V4(bits.into())))
        }
        Some((IpAddr::V6(first), IpAddr::V6(last))) => {
            Box::new((u128::from(first)..=u128::from(last)).map(|bits| IpAddr::V6(bits.into())))
        }
        _ => Box::new(std::iter::empty()),
    }
}

fn outside(address: &str) -> Problem {
    let message = format!("IP address {address} is not a valid IP for any of the subnets on the specified network.");
    Problem::new(axum::http::StatusCode::BAD_REQUEST, "InvalidIpForNetwork", message)
}

fn in_use(network: &FakeNetwork, address: &str) -> String {
    format!("Unable to complete operation for network {}. The IP address {address} is in use.", network.id)
}
