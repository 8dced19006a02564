//! The conductor as the API's handlers see it.

use std::time::Duration;

use assay_core::{
    id::{NodeId, RunId},
    power::{BootDevice, BootOverride, PowerTarget},
    provision::ProvisionEvent,
};
use async_trait::async_trait;
use bytes::Bytes;

use super::Conductor;
use crate::api::conductor::{BodyError, ConductorApi, ConductorError, Validation};

#[async_trait]
impl ConductorApi for Conductor {
    async fn provision(&self, node: NodeId, event: ProvisionEvent) -> Result<(), ConductorError> {
        self.request(node, event).await
    }

    async fn set_power(
        &self,
        node: NodeId,
        target: PowerTarget,
        timeout: Option<Duration>,
    ) -> Result<(), ConductorError> {
        self.start_power(node, target, timeout).await
    }

    async fn set_boot_device(&self, node: NodeId, device: BootDevice, persistent: bool) -> Result<(), ConductorError> {
        self.change_boot_device(node, device, persistent).await
    }

    async fn boot_device(&self, node: NodeId) -> Result<BootOverride, ConductorError> {
        self.ask_boot_device(node).await
    }

    async fn supported_boot_devices(&self, node: NodeId) -> Result<Vec<BootDevice>, ConductorError> {
        self.ask_boot_devices(node).await
    }

    async fn validate(&self, node: NodeId) -> Result<Validation, ConductorError> {
        self.validate_all(node).await
    }

    async fn delete_node(&self, node: NodeId) -> Result<(), ConductorError> {
        self.remove_node(node).await
    }

    async fn accept_body(&self, run: RunId, body: Bytes) -> Result<NodeId, BodyError> {
        self.take_body(run, &body).await
    }

    async fn accept_plain_body(&self, node: Option<NodeId>, body: Bytes) -> Result<NodeId, BodyError> {
        self.take_plain_body(node, &body).await.map(|(_, node)| node)
    }

    async fn introspected(&self, body: Bytes) -> Result<NodeId, BodyError> {
        self.take_introspected(&body).await
    }

    async fn introspect(&self, node: NodeId, manage_boot: bool) -> Result<(), ConductorError> {
        self.start_introspection(node, manage_boot).await
    }

    async fn abort_introspection(&self, node: NodeId) -> Result<(), ConductorError> {
        self.end_introspection(node).await
    }
}
