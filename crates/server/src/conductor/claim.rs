//! Claiming a run: the node's one lock, with a lease, and what else its owner holds.

use std::sync::Arc;

use assay_core::{
    id::NodeId,
    run::{Event, Phase, Run, RunId},
};
use assay_drivers::{Task, fence::Fence, redfish::Recent};
use assay_store::{StoreError, Tx, bodies, nodes, runs};
use tokio::time::{Duration, Instant, sleep};

use super::{Conductor, commit::Unstored, findings::Tray, tasks::parse_run};
use crate::api::conductor::ConductorError;

/// A run that this process owns until it releases it or loses the lease.
pub(super) struct Claim {
    pub run: Run,
    /// The stored version that the next commit replaces.
    pub version: i64,
    /// It was made together with what its run has to do: whatever is under way is to be started.
    pub is_fresh: bool,
    /// The phase in which it is stored.
    pub stored: Phase,
    /// What the run has said since.
    pub unstored: Unstored,
    /// The lock of the node; `None` once the node is deleted.
    pub lease: Option<Lease>,
    /// The lock was given back with the last commit: the run rests, and is claimed again for what comes.
    pub is_released: bool,
    /// When the lease is to be renewed.
    pub renew_at: Instant,
    /// Until when requests may be sent under the lease.
    pub fence: Fence,
    /// What another conductor has asked of the run.
    pub asked: Option<Event>,
    /// What interfaces may know of the node, which nobody changes while it is locked but effects of
    /// this run; `None` until one needs it, and after one that changes it.
    pub task: Option<Arc<Task>>,
    /// What effects of the claim have just read of the BMC.
    pub recent: Recent,
    /// What an effect of the claim has found.
    pub tray: Tray,
}

/// The node's lock. A commit with an older epoch changes nothing.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    pub node: NodeId,
    pub epoch: i64,
}

/// Who locks a node, and for how long.
#[derive(Clone)]
pub(super) struct Locker {
    pub host: String,
    pub lease: Duration,
}

impl Locker {
    /// Locks the node, as part of what else the transaction does.
    pub async fn lock(&self, tx: &Tx<'_>, node: NodeId) -> Result<Lease, StoreError> {
        Ok(Lease { node, epoch: nodes::reserve(tx, node, &self.host, self.lease).await? })
    }
}

impl Claim {
    /// Whether an earlier owner left effects under way.
    pub fn was_abandoned(&self) -> bool {
        self.run.journal.under_way().next().is_some()
    }
}

/// How long a run waits for the node's lock before it is left for the next look.
const PATIENCE: Duration = Duration::from_secs(120);

impl Conductor {
    /// Takes the node's lock for the run, waiting for whoever holds it, and loads the run as it is then.
    pub(super) async fn claim(&self, id: RunId) -> Result<Claim, ConductorError> {
        let asked = Instant::now();
        let node = runs::node_of(&self.store().read(), id).await?;
        let lease = self.lock(node, asked).await?;
        let row = runs::get(&self.store().read(), id).await?;
        let claim = self.claim_of(parse_run(&row)?, row.version, lease, asked);
        Ok(Claim { asked: Self::asked(row.asked.as_deref()), ..claim })
    }

    /// The claim on a run that has this version, with a lease that began after `asked`.
    pub(super) fn claim_of(&self, run: Run, version: i64, lease: Option<Lease>, asked: Instant) -> Claim {
        let figures = &self.config().figures;
        Claim {
            stored: run.phase,
            run,
            version,
            unstored: Unstored::default(),
            lease,
            is_fresh: false,
            is_released: false,
            renew_at: asked + figures.renew,
            fence: Fence::at(asked + figures.sending()),
            asked: None,
            task: None,
            recent: Recent::default(),
            tray: Tray::default(),
        }
    }

    /// Who this conductor's locks are held by.
    pub(super) fn locker(&self) -> Locker {
        Locker { host: self.config().host.clone(), lease: self.config().figures.lease }
    }

    async fn lock(&self, node: NodeId, asked: Instant) -> Result<Option<Lease>, ConductorError> {
        let locker = self.locker();
        loop {
            let locker = locker.clone();
            match self.store().write(move |tx| Box::pin(async move { locker.lock(tx, node).await })).await {
                Ok(lease) => return Ok(Some(lease)),
                Err(StoreError::NotFound { .. }) => return Ok(None),
                Err(StoreError::Locked { .. }) if Instant::now() < asked + PATIENCE => {
                    sleep(Duration::from_millis(100)).await
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    /// Makes the lease last again from the moment of asking.
    pub(super) async fn renew(&self, claim: &mut Claim) -> Result<(), ConductorError> {
        let asked = Instant::now();
        if let Some(Lease { node, epoch }) = claim.lease {
            let lease = self.config().figures.lease;
            self.store().write(move |tx| Box::pin(async move { nodes::renew(tx, node, epoch, lease).await })).await?;
        }
        claim.renew_at = asked + self.config().figures.renew;
        claim.fence.move_to(asked + self.config().figures.sending());
        Ok(())
    }

    pub(super) async fn release(&self, claim: Claim) -> Result<(), ConductorError> {
        if let Some(Lease { node, epoch }) = claim.lease.filter(|_| !claim.is_released) {
            self.store().write(move |tx| Box::pin(async move { nodes::release(tx, node, epoch).await })).await?;
        }
        Ok(())
    }

    /// The body that was accepted while the run was not waiting yet, or while nobody owned it.
    pub(super) async fn posted(&self, run: &Run) -> Result<Option<Event>, ConductorError> {
        if run.phase != Phase::Wait {
            return Ok(None);
        }
        Ok(bodies::of_run(&self.store().read(), run.id).await?.map(|body| Event::Body(body.id)))
    }

    pub(super) async fn load_run(&self, id: RunId) -> Result<Run, ConductorError> {
        parse_run(&runs::get(&self.store().read(), id).await?)
    }
}
