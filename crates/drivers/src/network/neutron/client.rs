//! Requests to Neutron.

use assay_core::run::{Mark, VifId};
use moka::future::Cache;
use reqwest::Method;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

use super::{port::FoundPort, resolve::Network};
use crate::{
    error::DriverError,
    interface::HeldPort,
    openstack::{Call, CallError, Retry, Service},
};

/// How long names of networks and security groups are remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// What a port is read with: all that is needed, and no more.
const PORT_FIELDS: [&str; 11] = [
    "id",
    "name",
    "status",
    "mac_address",
    "network_id",
    "project_id",
    "device_id",
    "device_owner",
    "fixed_ips",
    "binding:host_id",
    "binding:vif_type",
];

/// One Neutron, and what is remembered of it.
pub struct Neutron {
    service: Service,
    pub(super) networks: Cache<String, Arc<Network>>,
    pub(super) groups: Cache<Vec<String>, Arc<[String]>>,
}

impl Neutron {
    /// Neutron behind `service`.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self {
            service,
            networks: Cache::builder().max_capacity(10_000).time_to_live(REMEMBERED).build(),
            groups: Cache::builder().max_capacity(100).time_to_live(REMEMBERED).build(),
        }
    }

    /// Every port that this installation has at Neutron.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`].
    pub async fn held_ports(&self, instance: &str) -> Result<Vec<HeldPort>, DriverError> {
        let mut query = vec![("device_owner", "baremetal:none".to_owned())];
        query.extend(self.own_project().await?.map(|project| ("project_id", project)));
        let found = self.ports(&query).await?;
        Ok(found.iter().filter_map(|port| port.held(instance)).collect())
    }

    /// Deletes a port; absent is well. Only Neutron's own word counts for that: an API that is just
    /// starting answers "not found" to everything.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`].
    pub async fn delete_port(&self, vif: &VifId) -> Result<(), DriverError> {
        match self.send(Method::DELETE, &format!("/v2.0/ports/{vif}"), &[], None).await {
            Err(error) if error.kind() == Some("PortNotFound") => Ok(()),
            answer => answer.map(drop).map_err(network_error),
        }
    }

    /// Deletes every port with this mark.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`].
    pub async fn delete_marked(&self, mark: &Mark) -> Result<(), DriverError> {
        for port in self.marked(mark).await? {
            self.delete_port(&port.id).await?;
        }
        Ok(())
    }

    /// Our project's ports with this mark.
    pub(super) async fn marked(&self, mark: &Mark) -> Result<Vec<FoundPort>, DriverError> {
        let mut query = vec![("name", mark.to_string())];
        query.extend(self.own_project().await?.map(|project| ("project_id", project)));
        self.ports(&query).await
    }

    /// The ports that match; each key may stand several times.
    pub(super) async fn ports(&self, matching: &[(&str, String)]) -> Result<Vec<FoundPort>, DriverError> {
        let fields = PORT_FIELDS.iter().map(|field| ("fields", (*field).to_owned()));
        let query: Vec<(&str, String)> = matching.iter().cloned().chain(fields).collect();
        let body = self.read("/v2.0/ports", &query).await.map_err(network_error)?;
        let found = body["ports"].as_array().into_iter().flatten().map(FoundPort::parse).collect::<Option<Vec<_>>>();
        found.ok_or_else(|| DriverError::NetworkError("Neutron's list of ports can't be understood".to_owned()))
    }

    /// The project in which our ports are; `None` without Keystone, where all are one project's.
    pub(super) async fn own_project(&self) -> Result<Option<String>, DriverError> {
        self.service.project().await.map_err(network_error)
    }

    pub(super) async fn read(&self, path: &str, query: &[(&str, String)]) -> Result<Value, CallError> {
        self.send(Method::GET, path, query, None).await
    }

    /// A request that may be sent again, since it does no more a second time.
    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        self.service.call(Call { method, path, query, body, retry: Retry::Idempotent }).await
    }

    /// Creates a port; sent again only if it was certainly not carried out. `None`: Neutron's answer
    /// does not say which one it has made.
    pub(super) async fn create_port(&self, values: &Value) -> Result<Option<FoundPort>, CallError> {
        let body = json!({ "port": values });
        let call =
            Call { method: Method::POST, path: "/v2.0/ports", query: &[], body: Some(&body), retry: Retry::IfNotSent };
        self.service.call(call).await.map(|answer| FoundPort::parse(&answer["port"]))
    }

    /// Changes a port of ours.
    pub(super) async fn update_port(&self, vif: &VifId, values: &Value) -> Result<Option<FoundPort>, CallError> {
        let body = json!({ "port": values });
        let answer = self.send(Method::PUT, &format!("/v2.0/ports/{vif}"), &[], Some(&body)).await?;
        Ok(FoundPort::parse(&answer["port"]))
    }
}

/// A request that Neutron has not done as asked.
pub(super) fn network_error(error: CallError) -> DriverError {
    error.into_driver_error(DriverError::NetworkError)
}
