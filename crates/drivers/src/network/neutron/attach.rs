//! Making a port on the inspection network, exactly once whatever answers are lost.
//!
//! The MAC address is in the request that creates the port, and Neutron takes no MAC address twice on
//! one network: a request that is sent again makes no second port, but is refused, and the first one
//! is found by its name.

use std::time::Duration;

use assay_core::run::Mark;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    client::Neutron,
    named,
    port::{FoundPort, PortRequest},
    resolve::Network,
};
use crate::{
    error::DriverError,
    interface::{HeldPort, Task},
    openstack::CallError,
};

/// How often a port is asked for whose answer was lost.
const TRIES: u32 = 3;
/// The pause before the next try.
const PAUSE: Duration = Duration::from_secs(1);

impl Neutron {
    /// What earlier runs of ours have left on the node's NICs.
    ///
    /// # Errors
    /// A port of somebody else that stands in the way, by its name; [`DriverError::NetworkError`].
    pub async fn leftovers(
        &self,
        task: &Task,
        network: &Network,
        instance: &str,
    ) -> Result<Vec<HeldPort>, DriverError> {
        let query: Vec<_> = task.ports.iter().map(|port| ("mac_address", port.address.to_string())).collect();
        let project = self.own_project().await?;
        let mut ours = Vec::new();
        for port in self.ports(&query).await? {
            let held = port.held(instance).filter(|_| project.as_ref().is_none_or(|own| port.project == *own));
            match held {
                Some(held) => ours.push(held),
                None if port.network == network.id || port.is_bound() => return Err(foreign(task, &port)),
                None => {}
            }
        }
        Ok(ours)
    }

    /// The port of this request: made, or found where an earlier try has made it.
    ///
    /// # Errors
    /// [`DriverError::NetworkError`], marked when it may have been made all the same.
    pub async fn attach(&self, request: &PortRequest<'_>, repeated: bool) -> Result<FoundPort, DriverError> {
        if repeated && let Some(port) = self.made(request).await? {
            return Ok(port);
        }
        let (mut tries, mut in_doubt) = (1, false);
        loop {
            let error = match self.create_port(&request.bound()).await {
                Ok(Some(port)) => return Ok(port),
                Ok(None) => return self.made_or(request, unclear(request)).await,
                Err(error) => error,
            };
            // A try whose answer was lost may still land, whatever the later ones are told.
            let doubtful = |error: DriverError| if in_doubt { error.maybe() } else { error };
            match (error.status(), error.kind()) {
                (Some(403), _) if !in_doubt => return self.attach_in_two_steps(request, &error).await,
                (_, Some("MacAddressInUse")) => {
                    let in_the_way = self.in_the_way(request, &error).await;
                    return self.made_or(request, doubtful(in_the_way)).await;
                }
                _ if !error.may_have_landed() => return Err(doubtful(of_request(request, &error))),
                // What fails inside of Neutron fails again: the switch does not answer, for one.
                (Some(500), _) => return self.made_or(request, of_request(request, &error)).await,
                _ => {}
            }
            in_doubt = true;
            let found = self.made(request).await.map_err(DriverError::maybe)?;
            match found {
                Some(port) => return Ok(port),
                None if tries == TRIES => return Err(of_request(request, &error)),
                None => tries += 1,
            }
            sleep(PAUSE).await;
        }
    }

    /// What was made all the same, or the error.
    async fn made_or(&self, request: &PortRequest<'_>, error: DriverError) -> Result<FoundPort, DriverError> {
        match self.made(request).await {
            Ok(Some(port)) => Ok(port),
            Ok(None) => Err(error),
            Err(_) => Err(error.maybe()),
        }
    }

    /// For a policy that lets us say at a port's creation only what everybody may say. Between the two
    /// steps the port is known by its name, as ever.
    async fn attach_in_two_steps(
        &self,
        request: &PortRequest<'_>,
        refusal: &CallError,
    ) -> Result<FoundPort, DriverError> {
        let made = match self.create_port(&Value::Object(request.unbound())).await {
            Err(error) if error.status() == Some(403) => return Err(of_request(request, refusal)),
            Err(error) => return self.made_or(request, of_request(request, &error)).await,
            Ok(made) => made,
        };
        match made {
            Some(made) => self.bind(request, &made).await,
            None => self.made_or(request, unclear(request)).await,
        }
    }

    async fn bind(&self, request: &PortRequest<'_>, port: &FoundPort) -> Result<FoundPort, DriverError> {
        let bound = self.update_port(&port.id, &Value::Object(request.binding())).await;
        // The port is there, bound or not: it has to be removed.
        bound.map_err(|error| of_request(request, &error).maybe())?.ok_or_else(|| unclear(request))
    }

    /// What an earlier try has made, bound if it was not yet.
    async fn made(&self, request: &PortRequest<'_>) -> Result<Option<FoundPort>, DriverError> {
        let found = self.marked(request.mark).await?;
        let own = request.port.address.to_string();
        match found.iter().find(|port| port.mac == own).or(found.first()) {
            Some(port) if port.mac == own => Ok(Some(port.clone())),
            Some(port) => self.bind(request, port).await.map(Some),
            None => Ok(None),
        }
    }

    /// Who has the NIC's MAC address on the network.
    async fn in_the_way(&self, request: &PortRequest<'_>, refusal: &CallError) -> DriverError {
        let own = ("mac_address", request.port.address.to_string());
        let found = self.ports(&[own, ("network_id", request.network.id.clone())]).await.unwrap_or_default();
        let instance = &request.mark.instance;
        match found.first() {
            Some(port) => match port.held(instance) {
                Some(HeldPort { mark: Mark { run, .. }, vif }) => DriverError::NetworkError(format!(
                    "Neutron port {vif} of inspection {run} still has the MAC address of {}; it is removed by itself, \
                     try again later",
                    named(request.node.id, request.port)
                )),
                None => in_use(&named(request.node.id, request.port), port),
            },
            None => of_request(request, refusal),
        }
    }
}

fn foreign(task: &Task, found: &FoundPort) -> DriverError {
    let own = task.ports.iter().find(|port| port.address.to_string() == found.mac);
    in_use(&own.map_or_else(|| format!("node {}", task.node.id), |port| named(task.node.id, port)), found)
}

fn in_use(nic: &str, found: &FoundPort) -> DriverError {
    let FoundPort { id, network, device_owner, device_id, project, .. } = found;
    DriverError::NetworkError(format!(
        "Neutron port {id} has the MAC address of {nic} and is not Assay's (network {network}, project {project}, \
         device_owner '{device_owner}', device_id '{device_id}'): delete or unbind it before the inspection"
    ))
}

fn unclear(request: &PortRequest<'_>) -> DriverError {
    let nic = named(request.node.id, request.port);
    DriverError::NetworkError(format!("Neutron's answer does not say which port it has made for {nic}")).maybe()
}

fn of_request(request: &PortRequest<'_>, error: &CallError) -> DriverError {
    let (node, port, network) = (request.node, request.port, request.network);
    let text = format!("Could not put {} on network {}: {error}", named(node.id, port), network.id);
    let failure = DriverError::NetworkError(text);
    if error.may_have_landed() { failure.maybe() } else { failure }
}
