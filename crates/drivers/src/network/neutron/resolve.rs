//! Networks and security groups by name or UUID, remembered for a while.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::client::{Neutron, network_error};
use crate::error::DriverError;

/// A network, as far as ports on it depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its UUID.
    pub id: String,
    /// Its physical networks, where Neutron shows them to us.
    pub physical_networks: Vec<String>,
    subnets: Vec<Subnet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Subnet {
    id: String,
    ip_version: u8,
    stateful: bool,
}

impl Network {
    /// The IP versions of its subnets.
    pub fn ip_versions(&self) -> Vec<u8> {
        self.subnets.iter().map(|subnet| subnet.ip_version).collect()
    }

    /// The subnet with stateful DHCPv6, if the network has no other.
    pub fn stateful_v6_subnet(&self) -> Option<&str> {
        self.subnets.first().filter(|subnet| subnet.stateful).map(|subnet| &*subnet.id)
    }

    pub(super) fn parse(value: &Value, subnets: &Value) -> Option<Self> {
        let own = value["provider:physical_network"].as_str();
        let segments = value["segments"].as_array().into_iter().flatten();
        let physical = own.into_iter().chain(segments.filter_map(|it| it["provider:physical_network"].as_str()));
        let subnets = subnets["subnets"].as_array().into_iter().flatten().filter_map(|subnet| {
            Some(Subnet {
                id: subnet["id"].as_str()?.to_owned(),
                ip_version: u8::try_from(subnet["ip_version"].as_u64()?).ok()?,
                stateful: subnet["ip_version"] == 6 && subnet["ipv6_address_mode"] == "dhcpv6-stateful",
            })
        });
        Some(Self {
            id: value["id"].as_str().filter(|id| id.parse::<Uuid>().is_ok())?.to_owned(),
            physical_networks: physical.map(str::to_owned).collect(),
            subnets: subnets.collect(),
        })
    }
}

impl Neutron {
    /// The network with this name or UUID.
    ///
    /// # Errors
    /// Invalid where there is none, or more than one; [`DriverError::NetworkError`] where nobody can tell.
    pub async fn network(&self, value: &str) -> Result<Arc<Network>, DriverError> {
        let found = self.networks.try_get_with_by_ref(value, self.find_network(value)).await;
        found.map_err(|error: Arc<DriverError>| (*error).clone())
    }

    async fn find_network(&self, value: &str) -> Result<Arc<Network>, DriverError> {
        let network = match self.network_by_id(value).await? {
            Some(network) => network,
            None => self.network_by_name(value).await?,
        };
        let unclear =
            || DriverError::NetworkError("Could not retrieve network: Neutron's answer is unclear".to_owned());
        let id = network["id"].as_str().ok_or_else(unclear)?;
        let query = [("network_id", id.to_owned())];
        let subnets = self.read("/v2.0/subnets", &query).await.map_err(network_error)?;
        Network::parse(&network, &subnets).map(Arc::new).ok_or_else(unclear)
    }

    /// A network may be named like a UUID.
    async fn network_by_id(&self, value: &str) -> Result<Option<Value>, DriverError> {
        if value.parse::<Uuid>().is_err() {
            return Ok(None);
        }
        match self.read(&format!("/v2.0/networks/{value}"), &[]).await {
            Ok(mut body) => Ok(Some(body["network"].take())),
            Err(error) if error.kind() == Some("NetworkNotFound") => Ok(None),
            Err(error) => Err(DriverError::NetworkError(format!("Could not retrieve network: {error}"))),
        }
    }

    async fn network_by_name(&self, value: &str) -> Result<Value, DriverError> {
        let answer = self.read("/v2.0/networks", &[("name", value.to_owned())]).await;
        let mut body =
            answer.map_err(|error| DriverError::NetworkError(format!("Could not retrieve network: {error}")))?;
        let mut found = body["networks"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let invalid = DriverError::InvalidParameterValue;
        match (found.pop(), found.is_empty()) {
            (Some(network), true) => Ok(network),
            (None, _) => Err(invalid(format!("inspection_network with name or UUID {value} was not found"))),
            (Some(last), false) => {
                let ids: Vec<&str> = found.iter().chain([&last]).filter_map(|it| it["id"].as_str()).collect();
                Err(invalid(format!("More than one inspection_network was found for name {value}: {}", ids.join(", "))))
            }
        }
    }

    /// The UUIDs of these security groups.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`], naming those that are not there.
    pub async fn security_groups(&self, wanted: &[String]) -> Result<Arc<[String]>, DriverError> {
        if wanted.is_empty() {
            return Ok(Arc::from([]));
        }
        let found = self.groups.try_get_with_by_ref(wanted, self.find_groups(wanted)).await;
        found.map_err(|error: Arc<DriverError>| (*error).clone())
    }

    async fn find_groups(&self, wanted: &[String]) -> Result<Arc<[String]>, DriverError> {
        let (ids, names): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|it| it.parse::<Uuid>().is_ok());
        let mut found = Vec::new();
        for (key, values) in [("id", ids), ("name", names)] {
            if values.is_empty() {
                continue;
            }
            let query: Vec<(&str, String)> = values.into_iter().map(|value| (key, value.clone())).collect();
            let body = self.read("/v2.0/security-groups", &query).await.map_err(network_error)?;
            found.extend(body["security_groups"].as_array().cloned().unwrap_or_default());
        }
        let id_of = |wanted: &String| {
            let group = found.iter().find(|group| group["id"] == **wanted || group["name"] == **wanted)?;
            group["id"].as_str().map(str::to_owned)
        };
        let missing: Vec<&str> = wanted.iter().filter(|it| id_of(it).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(DriverError::NetworkError(format!(
                "Could not find these security groups (specified via ironic config) in neutron: [{}]",
                missing.join(", ")
            )));
        }
        Ok(wanted.iter().filter_map(id_of).collect())
    }
}
