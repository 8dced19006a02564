//! The `inspector` inspect interface: the introspection service in this process, or another one.

mod client;
#[cfg(test)]
mod tests;

use assay_core::run::Service;
use async_trait::async_trait;
use serde_json::Value;

pub use client::InspectorClient;

use crate::{
    error::DriverError,
    interface::{InspectInterface, InspectKind, IntrospectionData, Progress, Task},
};

/// Which introspection service is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectorChoice {
    /// The configured one, unless that is our own; without one the built-in.
    Auto,
    /// The one in this process.
    BuiltIn,
    /// The configured one.
    External,
}

/// Inspection by way of an introspection service.
pub struct InspectorInspect {
    /// Which service.
    pub choice: InspectorChoice,
    /// The service that is configured, by its endpoint or by a Keystone with a catalog.
    pub client: Option<InspectorClient>,
}

impl InspectorInspect {
    fn external(&self) -> Result<&InspectorClient, DriverError> {
        self.client.as_ref().ok_or_else(|| {
            let text = "[assay] inspector is external, so [inspector] endpoint_override or auth_type has to be set";
            DriverError::InvalidParameterValue(text.to_owned())
        })
    }
}

#[async_trait]
impl InspectInterface for InspectorInspect {
    fn kind(&self) -> InspectKind {
        InspectKind::InBand { callback_path: "/v1/continue", requires_managed_boot: false }
    }

    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        match self.choice {
            InspectorChoice::External => self.external().map(drop),
            InspectorChoice::Auto | InspectorChoice::BuiltIn => Ok(()),
        }
    }

    async fn service(&self, own_instance: &str) -> Service {
        match (self.choice, &self.client) {
            (InspectorChoice::BuiltIn, _) | (InspectorChoice::Auto, None) => Service::BuiltIn,
            (InspectorChoice::External, _) => Service::External,
            (InspectorChoice::Auto, Some(client)) => match client.instance().await {
                Ok(instance) if instance.as_deref() == Some(own_instance) => Service::BuiltIn,
                Ok(_) => Service::External,
                Err(error) => {
                    tracing::warn!(%error, "the introspection service does not answer; it is taken for an external one");
                    Service::External
                }
            },
        }
    }

    async fn endpoint(&self) -> Result<Option<String>, DriverError> {
        match &self.client {
            Some(client) => Ok(Some(client.endpoint().await?)),
            None => Ok(None),
        }
    }

    async fn start_introspection(&self, task: &Task, manage_boot: bool, repeated: bool) -> Result<(), DriverError> {
        Ok(self.external()?.start(task.node.id, manage_boot, repeated).await?)
    }

    async fn abort_introspection(&self, task: &Task) -> Result<(), DriverError> {
        Ok(self.external()?.abort(task.node.id).await?)
    }

    async fn introspection(&self, task: &Task) -> Result<Progress, DriverError> {
        let status = self.external()?.status(task.node.id).await?.ok_or_else(|| {
            DriverError::Inspection(format!("the introspection service does not know node {} any more", task.node.id))
        })?;
        Ok(match (status.error, status.finished) {
            (Some(error), _) => Progress::Failed(error),
            (None, true) => Progress::Finished,
            (None, false) => Progress::GoesOn,
        })
    }

    async fn introspection_data(&self, task: &Task) -> Result<Option<IntrospectionData>, DriverError> {
        let Some(Value::Object(mut plugin_data)) = self.external()?.data(task.node.id).await? else { return Ok(None) };
        let inventory = plugin_data.remove("inventory").unwrap_or_else(|| Value::Object(Default::default()));
        Ok(Some(IntrospectionData { inventory, plugin_data: Value::Object(plugin_data) }))
    }
}
