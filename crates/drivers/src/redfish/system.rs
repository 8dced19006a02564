//! Finding the node's system on its BMC.

use std::sync::Arc;

use serde_json::Value;

use super::{
    account::SERVICE_ROOT,
    client::{Bmc, Resource},
    failure::CallError,
};
use crate::error::DriverError;

impl Bmc {
    /// The node's system, as it is now or as the run has just read it.
    pub async fn system(&self) -> Result<Arc<Resource>, DriverError> {
        match self.recent.get(&self.account, self.system_link().await?) {
            Some(system) => Ok(system),
            None => self.system_now().await,
        }
    }

    /// The node's system, as it is now.
    pub async fn system_now(&self) -> Result<Arc<Resource>, DriverError> {
        let system = Arc::new(self.get(self.system_link().await?).await?);
        self.recent.remember(&self.account, &system);
        Ok(system)
    }

    async fn system_link(&self) -> Result<&str, DriverError> {
        match &self.system_id {
            Some(path) => Ok(path),
            None => Ok(self.account.only_system.get_or_try_init(|| self.find_only_system()).await?),
        }
    }

    async fn find_only_system(&self) -> Result<String, DriverError> {
        let root = self.get(SERVICE_ROOT).await?;
        let systems = link(&root.body["Systems"]).ok_or_else(|| self.lacks(&root, "no link to systems"))?;
        let members = self.members(systems).await?;
        match members.iter().map(link).collect::<Option<Vec<_>>>().as_deref() {
            Some([only]) => Ok((*only).to_owned()),
            Some(several) => Err(DriverError::InvalidParameterValue(format!(
                "{}: {} systems: set redfish_system_id to one of {}",
                self.asked(systems),
                several.len(),
                several.iter().take(8).copied().collect::<Vec<_>>().join(", "),
            ))),
            None => Err(DriverError::Bmc(format!("{}: a member without link", self.asked(systems)))),
        }
    }

    /// The members of a collection: links, or whole resources where the BMC expands them.
    pub async fn members(&self, collection: &str) -> Result<Vec<Value>, CallError> {
        const PAGES: usize = 16;
        let mut members = Vec::new();
        let mut next = Some(collection.to_owned());
        for _ in 0..PAGES {
            let Some(page) = next else { break };
            let body = self.get(&page).await?.body;
            members.extend(body["Members"].as_array().cloned().unwrap_or_default());
            next = body["Members@odata.nextLink"].as_str().map(str::to_owned);
        }
        Ok(members)
    }

    /// An answer that lacks what we can't do without.
    pub fn lacks(&self, resource: &Resource, what: &str) -> DriverError {
        DriverError::Bmc(format!("{}: {what}", self.asked(&resource.link)))
    }

    /// The beginning of a sentence on what was read.
    pub fn asked(&self, link: &str) -> String {
        format!("Redfish BMC {}: GET {link}", self.account.address())
    }
}

/// The link that a reference holds.
pub fn link(reference: &Value) -> Option<&str> {
    reference["@odata.id"].as_str()
}
