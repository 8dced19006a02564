//! The requests that Keystone and Neutron get, as far as a test tells them apart.

/// What a cloud is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloudRequest {
    /// A new token.
    Token,
    /// To plan a fault with: any request to Keystone. Among the requests seen: none of the others.
    Keystone,
    /// Neutron's list of versions.
    Root,
    /// One network, by its id.
    GetNetwork,
    /// Networks, by name.
    ListNetworks,
    /// Subnets, one or several.
    Subnets,
    /// Security groups.
    SecurityGroups,
    /// Neutron's agents.
    Agents,
    /// Ports, by what they have in common.
    ListPorts,
    /// One port.
    GetPort,
    /// A new port.
    CreatePort,
    /// A change of a port.
    UpdatePort,
    /// The end of a port.
    DeletePort,
    /// To plan a fault with: any request to Neutron. Among the requests seen: none of the others.
    Neutron,
}

impl CloudRequest {
    /// Tells what a request to Keystone is.
    pub(super) fn of_keystone(method: &str, path: &str) -> Self {
        match (method, path) {
            ("POST", "/v3/auth/tokens") => Self::Token,
            _ => Self::Keystone,
        }
    }

    /// Tells what a request to Neutron is.
    pub(super) fn of_neutron(method: &str, path: &str) -> Self {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", [""]) => Self::Root,
            ("GET", ["v2.0", "networks"]) => Self::ListNetworks,
            ("GET", ["v2.0", "networks", _]) => Self::GetNetwork,
            ("GET", ["v2.0", "subnets", ..]) => Self::Subnets,
            ("GET", ["v2.0", "security-groups", ..]) => Self::SecurityGroups,
            ("GET", ["v2.0", "agents", ..]) => Self::Agents,
            ("GET", ["v2.0", "ports"]) => Self::ListPorts,
            ("POST", ["v2.0", "ports"]) => Self::CreatePort,
            ("GET", ["v2.0", "ports", _]) => Self::GetPort,
            ("PUT", ["v2.0", "ports", _]) => Self::UpdatePort,
            ("DELETE", ["v2.0", "ports", _]) => Self::DeletePort,
            _ => Self::Neutron,
        }
    }

    const fn is_to_keystone(self) -> bool {
        matches!(self, Self::Token | Self::Keystone)
    }

    /// Whether a fault that is planned for this concerns such a request.
    pub(super) fn concerns(self, request: Self) -> bool {
        match self {
            Self::Keystone => request.is_to_keystone(),
            Self::Neutron => !request.is_to_keystone(),
            one => one == request,
        }
    }
}
