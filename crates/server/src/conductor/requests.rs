//! What clients ask for: provision verbs, power, boot device, deletion. Each becomes a run, an
//! event of one, or a single transaction.

use assay_core::{
    id::NodeId,
    node::{InvalidState, Node, Timestamp},
    power::{BootDevice, BootOverride, PowerTarget},
    provision::{ProvisionEvent, ProvisionState},
    run::{Ending, Event, NodeWrite, Phase, Run, RunId, RunKind, Snapshot, conclude},
};
use assay_drivers::{DriverError, Task};
use assay_store::{
    StoreError, Tx,
    nodes::{self, Guard, NodeRow},
    runs,
};
use tokio::time::{Duration, Instant, timeout};

use super::{Conductor, failed, now, queue::Beginning, tasks::parse_run};
use crate::api::conductor::ConductorError;

/// The longest that a client can give a power action: every wait has a deadline.
const LONGEST_POWER_ACTION: Duration = Duration::from_secs(86_400);

impl Conductor {
    /// Makes a provision step, or starts the run that makes it.
    pub(super) async fn request(&self, id: NodeId, event: ProvisionEvent) -> Result<(), ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        match (event, node.provision_state) {
            (ProvisionEvent::Inspect, _) => self.inspect(node).await,
            (ProvisionEvent::Manage, ProvisionState::Enroll) => {
                self.parts().registry.power(&node)?.validate(&self.task(&node).await?)?;
                self.start_run(&node, RunKind::Verify).await.map(drop)
            }
            (ProvisionEvent::Abort, _) => self.abort(&node).await,
            // There is no cleaning, and adopting touches nothing: both are over at once.
            (ProvisionEvent::Provide | ProvisionEvent::Adopt, _) => {
                self.advance_node(&node, &[event, ProvisionEvent::Done]).await
            }
            _ => self.advance_node(&node, &[event]).await,
        }
    }

    async fn inspect(&self, node: Node) -> Result<(), ConductorError> {
        let task = self.task(&node).await?;
        self.parts().registry.power(&node)?.validate(&task)?;
        self.validate_inspect(&task).await?;
        self.start_run(&node, RunKind::Inspect).await.map(drop)
    }

    /// Aborts a run that waits, and returns once no crash can lose that.
    async fn abort(&self, node: &Node) -> Result<(), ConductorError> {
        let refused = |state| InvalidState { node: node.id, event: ProvisionEvent::Abort, state };
        let open = runs::open_of_node(&self.store().read(), node.id).await?.as_ref().map(parse_run).transpose()?;
        let Some(run) = open.filter(Run::rests) else {
            return Err(refused(node.provision_state).into());
        };
        self.deliver_abort(node, run.id).await?;
        let Ok(run) = timeout(self.config().figures.answer, self.left_wait(run.id)).await else {
            // Somebody holds the node for long; it is aborted when it is free.
            return Ok(());
        };
        if run?.ending == Some(Ending::Aborted) {
            return Ok(());
        }
        // The ramdisk's post or the deadline was first.
        Err(refused(nodes::get(&self.store().read(), node.id).await?.node.provision_state).into())
    }

    /// Starts a power action; the node's `target_power_state` says that it is under way. `patience`
    /// replaces the configured time, as long as it is no more than a day.
    pub(super) async fn start_power(
        &self,
        id: NodeId,
        target: PowerTarget,
        patience: Option<Duration>,
    ) -> Result<(), ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        if node.disable_power_off && matches!(target, PowerTarget::Off | PowerTarget::SoftOff) {
            return Err(ConductorError::Conflict(format!(
                "Node {id} must not be powered off: disable_power_off is set."
            )));
        }
        self.parts().registry.power(&node)?.validate(&self.task(&node).await?)?;
        let patience = patience.map(|patience| patience.min(LONGEST_POWER_ACTION));
        let snapshot = self.snapshot_for(&node, RunKind::Power(target), patience).await?;
        self.begin(&node, snapshot).await.map(drop)
    }

    /// Sets the boot device and waits until the BMC has taken it.
    pub(super) async fn change_boot_device(
        &self,
        id: NodeId,
        device: BootDevice,
        persistent: bool,
    ) -> Result<(), ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        let task = self.task(&node).await?;
        let management = self.parts().registry.management(&node)?;
        management.validate(&task)?;
        if !management.get_supported_boot_devices(&task).await?.contains(&device) {
            let text = format!("Invalid boot device {device} specified for node {id}: its BMC does not offer it.");
            return Err(DriverError::InvalidParameterValue(text).into());
        }
        let run = self.start_run(&node, RunKind::BootDevice { device, persistent }).await?;
        match timeout(self.config().figures.effect * 2, self.rested(run)).await {
            Ok(run) => ended_well(&run?),
            Err(_) => Err(failed(format!("The BMC of node {id} has not set the boot device in time."))),
        }
    }

    /// The boot device that the BMC holds.
    pub(super) async fn ask_boot_device(&self, id: NodeId) -> Result<BootOverride, ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        let task = self.task(&node).await?;
        Ok(self.parts().registry.management(&node)?.get_boot_device(&task).await?)
    }

    /// The boot devices that the BMC offers.
    pub(super) async fn ask_boot_devices(&self, id: NodeId) -> Result<Vec<BootDevice>, ConductorError> {
        let node = nodes::get(&self.store().read(), id).await?.node;
        let task = self.task(&node).await?;
        Ok(self.parts().registry.management(&node)?.get_supported_boot_devices(&task).await?)
    }

    /// Deletes a node. An open run of it has what undo needs and goes on by itself.
    pub(super) async fn remove_node(&self, id: NodeId) -> Result<(), ConductorError> {
        let open = runs::open_of_node(&self.store().read(), id).await?;
        let delete = async move |tx: &Tx<'_>| {
            let version = nodes::get(tx, id).await?.version;
            nodes::delete(tx, id, Guard::Unreserved { version }, now()).await
        };
        self.store().write(move |tx| Box::pin(async move { delete(tx).await })).await?;
        // Its row says that it is due, so that a conductor of the node's group is not the only one that can go on with it.
        if let Some(run) = open {
            self.deliver(run.id, Event::NodeDeleted);
        }
        Ok(())
    }

    pub(super) async fn task(&self, node: &Node) -> Result<Task, ConductorError> {
        let (ports, portgroups) = self.ports_of(node.id).await?;
        let boots_from_media = self.boots_from_media(node);
        Ok(Task { ports, portgroups, boots_from_media, ..Task::on(node.clone()) })
    }

    /// Stores a new run together with what its request changes on the node, and lets it go.
    pub(super) async fn start_run(&self, node: &Node, kind: RunKind) -> Result<RunId, ConductorError> {
        let snapshot = self.snapshot(node, kind).await?;
        self.begin(node, snapshot).await
    }

    async fn begin(&self, node: &Node, snapshot: Snapshot) -> Result<RunId, ConductorError> {
        self.begin_at(node, snapshot, None).await
    }

    /// The same, unless the node has another version by now than the one that was `seen`.
    pub(super) async fn begin_at(
        &self,
        node: &Node,
        snapshot: Snapshot,
        seen: Option<i64>,
    ) -> Result<RunId, ConductorError> {
        self.check_is_served(node).await?;
        let config = self.config();
        let beginning = Beginning {
            run: Run::new(RunId(uuid::Uuid::now_v7()), node.id, snapshot, now()),
            limits: config.limits,
            patience: config.queue_timeout,
            figures: config.figures,
            locker: self.serves(node).then(|| self.locker()),
            seen,
            at: now(),
        };
        let (id, asked) = (beginning.run.id, Instant::now());
        let begun = match self.store().write(move |tx| Box::pin(beginning.apply(tx))).await {
            Err(StoreError::RunOpen(node)) => return Err(self.owed(node).await),
            begun => begun??,
        };
        if let Some((run, lease)) = begun {
            self.deliver_claimed(self.claim_of(run, 1, Some(lease), asked), Event::Claimed);
        }
        Ok(id)
    }

    async fn advance_node(&self, node: &Node, events: &[ProvisionEvent]) -> Result<(), ConductorError> {
        let writes: Vec<NodeWrite> =
            events.iter().map(|&event| NodeWrite::Advance(event)).chain([NodeWrite::LastError(None)]).collect();
        let change = NodeChange { id: node.id, writes, at: now() };
        Ok(self.store().write(move |tx| Box::pin(change.apply(tx))).await??)
    }

    /// Why a node with an open run can't have another: what goes on, or what is still owed.
    async fn owed(&self, node: NodeId) -> ConductorError {
        let open = match runs::open_of_node(&self.store().read(), node).await {
            Ok(Some(row)) => parse_run(&row),
            Ok(None) => Err(ConductorError::Conflict(format!("Node {node} had an open run a moment ago; try again."))),
            Err(failure) => Err(failure.into()),
        };
        match open {
            Ok(run) if run.phase == Phase::Settle => ConductorError::Conflict(still_owed(&run)),
            Ok(run) => ConductorError::Conflict(format!(
                "Node {node} has an open run, {}; try again when it has ended.",
                run.id
            )),
            Err(failure) => failure,
        }
    }
}

/// A change of a node that nobody has locked.
#[derive(Clone)]
struct NodeChange {
    id: NodeId,
    writes: Vec<NodeWrite>,
    at: Timestamp,
}

impl NodeChange {
    async fn apply(self, tx: &Tx<'_>) -> Result<Result<(), InvalidState>, StoreError> {
        let NodeRow { mut node, version, .. } = nodes::get(tx, self.id).await?;
        for write in &self.writes {
            if let Err(refused) = write.apply(&mut node, self.at) {
                return Ok(Err(refused));
            }
        }
        node.updated_at = Some(self.at);
        nodes::update(tx, &node, Guard::Unreserved { version }).await?;
        Ok(Ok(()))
    }
}

/// Why nothing new can begin after a run that still owes something.
pub(super) fn still_owed(run: &Run) -> String {
    let (node, owed) = (run.node, debts(run));
    format!("Node {node} still owes the clean-up of run {}: {owed}. It is retried; try again later.", run.id)
}

/// What a run owes, in words.
pub(super) fn debts(run: &Run) -> String {
    let debts: Vec<String> =
        run.debt().iter().map(|entry| format!("{} ({})", entry.effect, entry.error().unwrap_or("under way"))).collect();
    if debts.is_empty() { "a last look at the BMC".to_owned() } else { debts.join("; ") }
}

fn ended_well(run: &Run) -> Result<(), ConductorError> {
    match &run.ending {
        Some(Ending::Success) => Ok(()),
        Some(ending) => Err(failed(conclude::text(ending).unwrap_or_default().to_owned())),
        None => Err(failed(format!("Run {} has not ended.", run.id))),
    }
}
