//! A conductor without machines: each verb ends well before it returns.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use assay::api::{BodyError, ConductorApi, ConductorError, Validation, Verdict};
use assay_core::{
    id::{NodeId, RunId},
    node::{InterfaceKind, Node},
    power::{BootDevice, BootOverride, PowerTarget},
    provision::ProvisionEvent,
};
use assay_store::{
    Store, StoreError, history,
    nodes::{self, Guard},
};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::Utc;
use uuid::Uuid;

pub struct EasyConductor {
    pub store: Store,
    pub boot_device: Mutex<BootOverride>,
    /// The run that waits for a body, and its node.
    pub waiting: Mutex<Option<(RunId, NodeId)>>,
    /// The bodies that were taken.
    pub bodies: Mutex<Vec<Bytes>>,
    /// How often a body was offered, taken or not.
    pub offers: AtomicUsize,
}

impl EasyConductor {
    pub fn of(store: Store) -> Self {
        let boot_device = Mutex::new(BootOverride { device: None, persistent: false });
        Self { store, boot_device, waiting: Mutex::default(), bodies: Mutex::default(), offers: AtomicUsize::new(0) }
    }

    async fn change(
        &self,
        id: NodeId,
        change: impl FnOnce(&mut Node) -> Result<(), ConductorError> + Clone + Send + 'static,
    ) -> Result<Node, ConductorError> {
        let changed = self.store.write(move |tx| {
            Box::pin(async move {
                let row = nodes::get(tx, id).await?;
                if let Some(host) = row.node.reservation.clone() {
                    return Err(StoreError::Locked { node: id, host });
                }
                let mut node = row.node;
                if let Err(refused) = change(&mut node) {
                    return Ok(Err(refused));
                }
                nodes::update(tx, &node, Guard::Unreserved { version: row.version }).await?;
                Ok(Ok(node))
            })
        });
        changed.await?
    }
}

/// What follows a client's verb when all goes well.
fn followed_by(event: ProvisionEvent) -> Option<ProvisionEvent> {
    match event {
        ProvisionEvent::Inspect => Some(ProvisionEvent::Wait),
        ProvisionEvent::Manage | ProvisionEvent::Provide | ProvisionEvent::Adopt => Some(ProvisionEvent::Done),
        _ => None,
    }
}

#[async_trait]
impl ConductorApi for EasyConductor {
    async fn provision(&self, id: NodeId, event: ProvisionEvent) -> Result<(), ConductorError> {
        let node = self
            .change(id, move |node| {
                node.last_error =
                    (event == ProvisionEvent::Abort).then(|| "Inspection was aborted by request.".to_owned());
                node.advance(event, Utc::now())?;
                if let Some(next) = followed_by(event) {
                    node.advance(next, Utc::now()).ok();
                }
                Ok(())
            })
            .await?;
        let Some(event) = node.last_error else { return Ok(()) };
        let entry = history::Entry {
            id: Uuid::new_v4(),
            node: id,
            created_at: Utc::now(),
            severity: "ERROR".to_owned(),
            event_type: "introspection".to_owned(),
            event,
            conductor: "ironic39".to_owned(),
            user: None,
        };
        Ok(self.store.write(move |tx| Box::pin(async move { history::insert(tx, entry, 300).await })).await?)
    }

    async fn set_power(&self, id: NodeId, target: PowerTarget, _: Option<Duration>) -> Result<(), ConductorError> {
        self.change(id, move |node| {
            node.power_state = Some(target.end_state());
            Ok(())
        })
        .await?;
        Ok(())
    }

    async fn set_boot_device(&self, id: NodeId, device: BootDevice, persistent: bool) -> Result<(), ConductorError> {
        self.change(id, |_| Ok(())).await?;
        *self.boot_device.lock().unwrap() = BootOverride { device: Some(device), persistent };
        Ok(())
    }

    async fn boot_device(&self, _: NodeId) -> Result<BootOverride, ConductorError> {
        Ok(self.boot_device.lock().unwrap().clone())
    }

    async fn supported_boot_devices(&self, _: NodeId) -> Result<Vec<BootDevice>, ConductorError> {
        Ok(vec![BootDevice::Pxe])
    }

    async fn validate(&self, _: NodeId) -> Result<Validation, ConductorError> {
        let kinds = InterfaceKind::ALL.iter().filter(|kind| **kind != InterfaceKind::Vendor);
        let fine = Verdict { result: Some(true), reason: None };
        Ok(kinds.map(|kind| (*kind, fine.clone())).collect::<BTreeMap<_, _>>())
    }

    async fn delete_node(&self, id: NodeId) -> Result<(), ConductorError> {
        let deleted = self.store.write(move |tx| {
            Box::pin(async move {
                let version = nodes::get(tx, id).await?.version;
                nodes::delete(tx, id, Guard::Unreserved { version }, Utc::now()).await
            })
        });
        Ok(deleted.await?)
    }

    async fn accept_body(&self, run: RunId, body: Bytes) -> Result<NodeId, BodyError> {
        self.offers.fetch_add(1, Ordering::Relaxed);
        let node = self.waiting.lock().unwrap().filter(|(waiting, _)| *waiting == run).map(|(_, node)| node);
        let node = node.ok_or_else(|| BodyError::NotExpected(format!("run {run} waits for nothing")))?;
        self.bodies.lock().unwrap().push(body);
        Ok(node)
    }

    async fn introspected(&self, body: Bytes) -> Result<NodeId, BodyError> {
        self.accept_plain_body(None, body).await
    }

    async fn introspect(&self, _: NodeId, _: bool) -> Result<(), ConductorError> {
        Ok(())
    }

    async fn abort_introspection(&self, _: NodeId) -> Result<(), ConductorError> {
        Ok(())
    }

    async fn accept_plain_body(&self, _: Option<NodeId>, body: Bytes) -> Result<NodeId, BodyError> {
        self.offers.fetch_add(1, Ordering::Relaxed);
        let waiting = *self.waiting.lock().unwrap();
        let (_, node) = waiting.ok_or_else(|| BodyError::NotExpected("nobody waits".to_owned()))?;
        self.bodies.lock().unwrap().push(body);
        Ok(node)
    }
}
