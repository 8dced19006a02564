//! What a fake cloud is made of. What is not said here is as it was seen of Keystone 30 and
//! Neutron 29 with networking-generic-switch.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use uuid::Uuid;

/// A cloud.
#[derive(Clone, Debug)]
pub struct CloudSetup {
    /// Its networks, of the project `service` unless they say otherwise.
    pub networks: Vec<FakeNetwork>,
    /// Who may ask; the first one is Assay.
    pub users: Vec<FakeUser>,
    /// What may ask in the name of a user.
    pub credentials: Vec<FakeCredential>,
    /// The security groups, by name; the first one is the default. Their ids follow from their names.
    pub security_groups: Vec<String>,
    /// The switches that Neutron has the password of.
    pub switches: Vec<FakeSwitch>,
    /// The hosts with an agent, and whether it is alive.
    pub agents: Vec<(String, bool)>,
    /// What Keystone's catalog lists.
    pub catalog: Catalog,
    /// How long Neutron takes for each call.
    pub latency: Duration,
    /// From a port's binding until it is ACTIVE.
    pub binding: Duration,
    /// How long a token is good for.
    pub token_life: Duration,
    /// Whether policy lets a port be bound by the request that creates it; otherwise 403, and a
    /// second request must bind it.
    pub allows_binding_on_create: bool,
    /// How many ports a project may have.
    pub port_quota: usize,
}

/// A network.
#[derive(Clone, Debug)]
pub struct FakeNetwork {
    /// Its id.
    pub id: Uuid,
    /// Its name, which other networks may have as well.
    pub name: String,
    /// The name of the project that owns it.
    pub project: String,
    /// Its VLAN: what a switch port is set to.
    pub vlan: u16,
    /// Where that VLAN is.
    pub physical_network: String,
    /// Whether its ports take security groups.
    pub port_security: bool,
    /// Where its ports' addresses are from.
    pub subnets: Vec<FakeSubnet>,
}

/// A subnet. IPv6 addresses are given by stateful DHCP.
#[derive(Clone, Debug)]
pub struct FakeSubnet {
    /// Its id.
    pub id: Uuid,
    /// Its range.
    pub cidr: IpNet,
    /// The first and the last address for ports; `None`: no address is left.
    pub pool: Option<(IpAddr, IpAddr)>,
}

/// A user of Keystone's domain `Default`.
#[derive(Clone, Debug)]
pub struct FakeUser {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The project that it has roles in.
    pub project: String,
    /// These roles. The role `service` may bind ports, `admin` alone may not.
    pub roles: Vec<&'static str>,
    /// Whether it has the role `admin` on the system as well.
    pub system: bool,
}

/// An application credential.
#[derive(Clone, Debug)]
pub struct FakeCredential {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its secret.
    pub secret: String,
    /// The name of its user.
    pub user: String,
}

/// A switch of networking-generic-switch.
#[derive(Clone, Debug)]
pub struct FakeSwitch {
    /// `switch_info` of a link to it.
    pub info: String,
    /// `switch_id` of a link to it.
    pub id: String,
    /// Whether it answers; if not, binding a port to it is a 500.
    pub alive: bool,
}

/// What Keystone's catalog lists.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The services: `identity`, `network`, `baremetal` and `baremetal-introspection`, or fewer.
    pub services: Vec<&'static str>,
    /// The interfaces of each.
    pub interfaces: Vec<&'static str>,
    /// Their region.
    pub region: String,
    /// The bare metal API.
    pub baremetal: String,
    /// The introspection API.
    pub introspection: String,
    /// Endpoints besides these.
    pub more: Vec<Endpoint>,
}

/// One endpoint of a service.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The service's type.
    pub service: &'static str,
    /// `public`, `internal` or `admin`.
    pub interface: &'static str,
    /// The region.
    pub region: String,
    /// The URL.
    pub url: String,
}

/// Nothing listens here.
const NOWHERE: &str = "http://127.0.0.1:9";

/// An id that follows from what it is the id of.
pub(super) fn id_of(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind} {name}").as_bytes())
}

/// The same in Keystone's form, without hyphens.
pub(super) fn keystone_id(kind: &str, name: &str) -> String {
    id_of(kind, name).simple().to_string()
}

impl CloudSetup {
    /// The default, but for an inspection network on the loopback, so that the world's machines can have its addresses.
    #[must_use]
    pub fn on_loopback() -> Self {
        let mut setup = Self::default();
        setup.networks.retain(|network| network.name != "inspection");
        let subnet = FakeSubnet::v4(Ipv4Addr::new(127, 22, 102, 0), 100, 200);
        setup.networks.insert(0, FakeNetwork::new("inspection", 102).with(subnet));
        setup
    }
}

impl Default for CloudSetup {
    /// `inspection` and `tenant`, which are what they seem; `twice`, of which there are two;
    /// `inspection-v6`; `elsewhere` on another physical network; `tiny` with one address; `full`
    /// with none left.
    fn default() -> Self {
        let range = |vlan: u16| Ipv4Addr::new(198, 18, u8::try_from(vlan).unwrap_or_default(), 0);
        let v4 = |name: &str, vlan| FakeNetwork::new(name, vlan).with(FakeSubnet::v4(range(vlan), 2, 250));
        let v6 = FakeSubnet::v6(Ipv6Addr::new(0x2001, 0xdb8, 106, 0, 0, 0, 0, 0));
        Self {
            networks: vec![
                v4("inspection", 102),
                v4("tenant", 103),
                FakeNetwork::new("twice", 100),
                FakeNetwork::new("twice", 105),
                FakeNetwork::new("inspection-v6", 106).with(v6),
                FakeNetwork { physical_network: "physnet2".into(), ..v4("elsewhere", 107) },
                FakeNetwork::new("tiny", 108).with(FakeSubnet::v4(range(108), 2, 2)),
                FakeNetwork::new("full", 109).with(FakeSubnet { pool: None, ..FakeSubnet::v4(range(109), 2, 2) }),
            ],
            users: vec![
                FakeUser::new("assay", "service", &["admin", "service", "manager", "member", "reader"]),
                FakeUser { system: true, ..FakeUser::new("admin", "admin", &["admin", "manager", "member", "reader"]) },
                FakeUser::new("demo", "demo", &["member", "reader"]),
                FakeUser::new("demo-reader", "demo", &["reader"]),
                FakeUser::new("nobody", "demo", &[]),
            ],
            credentials: vec![FakeCredential {
                id: keystone_id("credential", "assay-credential"),
                name: "assay-credential".into(),
                secret: "s3cret-of-the-credential".into(),
                user: "assay".into(),
            }],
            security_groups: vec!["default".into(), "inspection".into()],
            switches: vec![
                FakeSwitch { info: "switch".into(), id: "52:54:00:aa:bb:01".into(), alive: true },
                FakeSwitch { info: "dead-switch".into(), id: "52:54:00:aa:bb:02".into(), alive: false },
            ],
            agents: vec![("host".into(), true), ("dead-host".into(), false)],
            catalog: Catalog::default(),
            latency: Duration::ZERO,
            binding: Duration::ZERO,
            token_life: Duration::from_secs(3600),
            allows_binding_on_create: true,
            port_quota: 500,
        }
    }
}

impl Default for Catalog {
    /// Every service with three interfaces in `RegionOne`, and in `RegionTwo` a Neutron that is
    /// not there.
    fn default() -> Self {
        let elsewhere =
            |interface| Endpoint { service: "network", interface, region: "RegionTwo".into(), url: NOWHERE.into() };
        Self {
            services: vec!["identity", "network", "baremetal", "baremetal-introspection"],
            interfaces: vec!["public", "internal", "admin"],
            region: "RegionOne".into(),
            baremetal: "http://127.0.0.1:6385".into(),
            introspection: "http://127.0.0.1:5050".into(),
            more: ["public", "internal", "admin"].map(elsewhere).into(),
        }
    }
}

impl FakeNetwork {
    /// A network on `physnet1` without a subnet.
    #[must_use]
    pub fn new(name: &str, vlan: u16) -> Self {
        Self {
            id: id_of("network", &format!("{name} {vlan}")),
            name: name.into(),
            project: "service".into(),
            vlan,
            physical_network: "physnet1".into(),
            port_security: false,
            subnets: Vec::new(),
        }
    }

    /// The network with one more subnet.
    #[must_use]
    pub fn with(mut self, subnet: FakeSubnet) -> Self {
        self.subnets.push(subnet);
        self
    }
}

impl FakeSubnet {
    /// A `/24`, of which ports get the addresses with these last bytes.
    #[must_use]
    pub fn v4(network: Ipv4Addr, first: u8, last: u8) -> Self {
        let [a, b, c, _] = network.octets();
        let address = |byte| IpAddr::from([a, b, c, byte]);
        let cidr = Ipv4Net::new_assert(network, 24).into();
        Self { id: id_of("subnet", &network.to_string()), cidr, pool: Some((address(first), address(last))) }
    }

    /// A `/64`, of which ports get `::1000` to `::1fff`.
    #[must_use]
    pub fn v6(network: Ipv6Addr) -> Self {
        let address = |last: u128| IpAddr::V6((u128::from(network) + last).into());
        let cidr = Ipv6Net::new_assert(network, 64).into();
        Self { id: id_of("subnet", &network.to_string()), cidr, pool: Some((address(0x1000), address(0x1fff))) }
    }
}

impl FakeUser {
    /// A user with roles in a project, and the password `s3cret-of-<name>`.
    #[must_use]
    pub fn new(name: &str, project: &str, roles: &[&'static str]) -> Self {
        Self {
            name: name.into(),
            password: format!("s3cret-of-{name}"),
            project: project.into(),
            roles: roles.to_vec(),
            system: false,
        }
    }
}
