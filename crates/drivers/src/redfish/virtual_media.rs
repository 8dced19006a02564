//! Discs over Redfish: a URL is put into a virtual drive of the machine, and taken out again.

use std::sync::Arc;

use assay_core::secret::Secret;
use serde_json::{Value, json};

use super::{
    client::{Bmc, Clients, Resource},
    failure::CallError,
    info::DriverInfo,
    system::link,
};
use crate::{error::DriverError, interface::Task};

/// The virtual drives of a BMC, which are found by following links: some BMCs have them at the
/// system, others at its manager.
pub struct VirtualMedia {
    pub(super) clients: Arc<Clients>,
}

impl VirtualMedia {
    /// Checks `driver_info` without asking the BMC.
    ///
    /// # Errors
    /// Missing or invalid parameters.
    pub fn validate(&self, task: &Task) -> Result<(), DriverError> {
        DriverInfo::parse(&task.node, &self.clients.config).map(drop)
    }

    /// Puts the disc at `url` into a drive for CDs, an empty one if there is one.
    ///
    /// # Errors
    /// Invalid where there is no such drive; [`DriverError::Bmc`], marked when the request may have
    /// landed. None of them shows `url`.
    pub async fn insert(&self, task: &Task, url: &Secret) -> Result<(), DriverError> {
        let bmc = self.clients.begin(task).await?;
        let mut drives = drives(&bmc).await?;
        if drives.iter().any(|drive| image(drive) == Some(url.reveal())) {
            return Ok(());
        }
        drives.sort_by_key(is_occupied);
        let mut refusal = None;
        for drive in &drives {
            match fill(&bmc, drive, url).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_refusal() => refusal = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(match refusal {
            Some(refusal) => refusal.into(),
            None => DriverError::InvalidParameterValue(format!(
                "Redfish BMC {}: no virtual drive for a CD or DVD; boot this node over the network instead",
                bmc.account.address()
            )),
        })
    }

    /// Takes the disc at `url` out of whichever drive holds it.
    ///
    /// # Errors
    /// [`DriverError::Bmc`].
    pub async fn eject(&self, task: &Task, url: &Secret) -> Result<(), DriverError> {
        let bmc = self.clients.begin(task).await?;
        for drive in drives(&bmc).await?.iter().filter(|drive| may_hold(drive, url)) {
            match empty(&bmc, drive).await {
                Err(error) if error.is_refusal() && !is_occupied(&bmc.get(&drive.link).await?) => {}
                result => result?,
            }
        }
        Ok(())
    }
}

/// The drives that take a CD or DVD.
async fn drives(bmc: &Bmc) -> Result<Vec<Resource>, DriverError> {
    let system = bmc.system().await?;
    let mut collections: Vec<String> = link(&system.body["VirtualMedia"]).map(str::to_owned).into_iter().collect();
    if collections.is_empty() {
        let managers = system.body["Links"]["ManagedBy"].as_array().into_iter().flatten().filter_map(link);
        for manager in managers {
            collections.extend(link(&bmc.get(manager).await?.body["VirtualMedia"]).map(str::to_owned));
        }
    }
    let mut drives = Vec::new();
    for collection in &collections {
        for member in bmc.members(collection).await? {
            let path = link(&member)
                .ok_or_else(|| DriverError::Bmc(format!("{}: a virtual drive without link", bmc.asked(collection))))?;
            drives.push(bmc.get(path).await?);
        }
    }
    drives.retain(takes_discs);
    Ok(drives)
}

fn takes_discs(drive: &Resource) -> bool {
    let types = drive.body["MediaTypes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    types.into_iter().any(|media| media == "CD" || media == "DVD")
}

fn image(drive: &Resource) -> Option<&str> {
    drive.body["Image"].as_str().filter(|image| !image.is_empty())
}

fn is_occupied(drive: &Resource) -> bool {
    drive.body["Inserted"].as_bool().unwrap_or_else(|| image(drive).is_some())
}

/// Whether the drive holds the disc at `url`, or something of which the BMC does not tell the URL.
fn may_hold(drive: &Resource, url: &Secret) -> bool {
    is_occupied(drive) && image(drive).is_none_or(|image| image == url.reveal())
}

/// Inserts the disc; what is in the drive is taken out first.
async fn fill(bmc: &Bmc, drive: &Resource, url: &Secret) -> Result<(), CallError> {
    if is_occupied(drive) {
        empty(bmc, drive).await?;
    }
    let whole = json!({"Image": url.reveal(), "Inserted": true, "WriteProtected": true});
    let result = match action(drive, "#VirtualMedia.InsertMedia") {
        None => bmc.patch(drive, &whole).await,
        Some(action) => match bmc.post(action, &whole).await {
            // Some know only the one property that the standard requires.
            Err(error) if error.is_refusal() => bmc.post(action, &json!({"Image": url.reveal()})).await,
            result => result,
        },
    };
    result.map_err(|error| without(error, url))
}

async fn empty(bmc: &Bmc, drive: &Resource) -> Result<(), CallError> {
    match action(drive, "#VirtualMedia.EjectMedia") {
        Some(action) => bmc.post(action, &json!({})).await,
        None => bmc.patch(drive, &json!({"Image": null, "Inserted": false})).await,
    }
}

fn action<'a>(drive: &'a Resource, name: &str) -> Option<&'a str> {
    drive.body["Actions"][name]["target"].as_str()
}

/// The error, in case the BMC repeats the URL in it.
fn without(error: CallError, url: &Secret) -> CallError {
    CallError { failure: error.failure.without(url.reveal()), ..error }
}
