//! Ports as Neutron knows them: what one is made from, and what is read of one.

use std::net::IpAddr;

use assay_core::{
    boot::dhcp_options::DhcpOption,
    mac::MacAddress,
    node::Node,
    port::Port,
    portgroup::Portgroup,
    run::{Mark, Vif, VifId},
};
use serde_json::{Map, Value, json};

use super::resolve::Network;
use crate::{interface::HeldPort, network::eligible::client_id};

/// Neutron's option of DHCP for a client identifier (RFC 2132 §9.14).
const CLIENT_ID_OPTION: &str = "61";

/// Everything that a port on the inspection network is made from.
#[derive(Clone)]
pub struct PortRequest<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its port.
    pub port: &'a Port,
    /// The group that is moved with it.
    pub bond: Option<Bond<'a>>,
    /// The name of the Neutron port.
    pub mark: &'a Mark,
    /// The inspection network.
    pub network: &'a Network,
    /// UUIDs.
    pub security_groups: &'a [String],
    /// For the boot.
    pub dhcp_options: &'a [DhcpOption],
    /// The NIC is not used by the ramdisk.
    pub without_address: bool,
    /// How many addresses stateful DHCPv6 is to have.
    pub stateful_addresses: usize,
}

/// NICs that a switch is to bond.
#[derive(Clone)]
pub struct Bond<'a> {
    /// How.
    pub group: &'a Portgroup,
    /// All of them.
    pub members: Vec<&'a Port>,
}

impl Bond<'_> {
    /// Neutron's `local_group_information`, as Ironic's tenant networks have it: every parameter of the
    /// bonding driver begins with `bond_`.
    fn information(&self) -> Value {
        let Portgroup { id, name, mode, properties, .. } = self.group;
        let named = |key: &String| if key.starts_with("bond_") { key.clone() } else { format!("bond_{key}") };
        let properties: Map<String, Value> =
            properties.iter().map(|(key, value)| (named(key), value.clone())).collect();
        json!({"id": id, "name": name, "bond_mode": mode, "bond_properties": properties})
    }
}

impl PortRequest<'_> {
    /// What can be said by whoever may create a port at all.
    pub fn unbound(&self) -> Map<String, Value> {
        let smart = if self.port.is_smartnic { "smart-nic" } else { "baremetal" };
        let mut values = Map::from_iter([
            ("name".to_owned(), json!(self.mark.to_string())),
            ("network_id".to_owned(), json!(self.network.id)),
            ("admin_state_up".to_owned(), json!(true)),
            ("device_id".to_owned(), json!(self.node.id)),
            ("binding:vnic_type".to_owned(), json!(smart)),
        ]);
        let options = self.options();
        if !options.is_empty() {
            values.insert("extra_dhcp_opts".to_owned(), json!(options));
        }
        if !self.security_groups.is_empty() {
            values.insert("security_groups".to_owned(), json!(self.security_groups));
        }
        if let Some(addresses) = self.addresses() {
            values.insert("fixed_ips".to_owned(), addresses);
        }
        values
    }

    /// What moves the switch's port; Neutron 29 wants the role `service` for it.
    pub fn binding(&self) -> Map<String, Value> {
        let link = &self.port.local_link_connection;
        let host = link.get("hostname").filter(|_| self.port.is_smartnic).cloned();
        let links = match &self.bond {
            Some(bond) => bond.members.iter().map(|port| &port.local_link_connection).collect(),
            None => vec![link],
        };
        let links: Vec<_> = links.into_iter().filter(|link| !link.is_empty()).collect();
        let mut profile = json!({"local_link_information": links});
        if let Some(bond) = &self.bond {
            profile["local_group_information"] = bond.information();
        }
        Map::from_iter([
            ("mac_address".to_owned(), json!(self.port.address)),
            ("device_owner".to_owned(), json!("baremetal:none")),
            ("binding:host_id".to_owned(), host.unwrap_or_else(|| json!(self.node.id))),
            ("binding:profile".to_owned(), profile),
        ])
    }

    /// Everything at once.
    pub fn bound(&self) -> Value {
        let mut values = self.unbound();
        values.extend(self.binding());
        Value::Object(values)
    }

    /// The options of the IP versions that the network has.
    fn options(&self) -> Vec<Value> {
        let versions = self.network.ip_versions();
        let of_network = |option: &&DhcpOption| versions.is_empty() || versions.contains(&option.ip_version);
        let boot = self.dhcp_options.iter().filter(of_network);
        let boot = boot.map(|it| json!({"opt_name": it.name, "opt_value": it.value, "ip_version": it.ip_version}));
        let client_id = client_id(self.port).map(|id| json!({"opt_name": CLIENT_ID_OPTION, "opt_value": id}));
        client_id.into_iter().chain(boot).collect()
    }

    /// `None` leaves it to Neutron: one address of each subnet's kind.
    fn addresses(&self) -> Option<Value> {
        if self.without_address {
            return Some(json!([]));
        }
        let subnet = self.network.stateful_v6_subnet().filter(|_| self.stateful_addresses > 1)?;
        Some(json!(vec![json!({"subnet_id": subnet}); self.stateful_addresses]))
    }
}

/// A port that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPort {
    /// Its id.
    pub id: VifId,
    name: String,
    /// Its MAC address, as Neutron writes it.
    pub mac: String,
    /// Its network.
    pub network: String,
    /// Its status, such as `ACTIVE`.
    pub status: String,
    /// How it is bound; empty if that is not shown to us.
    pub vif_type: String,
    /// The host to which it is bound.
    pub host: String,
    /// Whose it is.
    pub device_owner: String,
    /// What uses it.
    pub device_id: String,
    /// Its project.
    pub project: String,
    addresses: Vec<IpAddr>,
}

impl FoundPort {
    /// Reads a port; `None` without an id.
    pub fn parse(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let ips = value["fixed_ips"].as_array().into_iter().flatten();
        Some(Self {
            id: VifId(value["id"].as_str().filter(|id| is_safe(id))?.to_owned()),
            name: text("name"),
            mac: text("mac_address"),
            network: text("network_id"),
            status: text("status"),
            vif_type: text("binding:vif_type"),
            host: text("binding:host_id"),
            device_owner: text("device_owner"),
            device_id: text("device_id"),
            project: text("project_id"),
            addresses: ips.filter_map(|ip| ip["ip_address"].as_str()?.parse().ok()).collect(),
        })
    }

    /// Ours, if its name says so.
    pub fn held(&self, instance: &str) -> Option<HeldPort> {
        Some(HeldPort { vif: self.id.clone(), mark: Mark::parse(&self.name, instance)? })
    }

    /// Whether a switch was told of it.
    pub fn is_bound(&self) -> bool {
        !self.host.is_empty() && !matches!(&*self.vif_type, "unbound" | "binding_failed")
    }

    /// What the run keeps of it.
    pub fn vif(self, mac: MacAddress) -> Vif {
        Vif { id: self.id, mac, addresses: self.addresses }
    }
}

/// An id becomes a part of paths.
fn is_safe(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
