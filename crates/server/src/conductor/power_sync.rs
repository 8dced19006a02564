//! Power sync: in every round, each node's BMC is asked whether the machine is as the database has it. What follows is a
//! rule of [`assay_core::power_sync`].
//!
//! **Invariant:** a BMC that hangs holds up only itself and others that have failed before it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use assay_core::{
    id::NodeId,
    node::Node,
    power::{PowerState, PowerTarget},
    power_sync::{self, Decision},
    run::{RunId, RunKind},
};
use assay_drivers::Task;
use assay_store::{
    StoreError, Tx, history,
    nodes::{self, Guard, NodeRow},
};
use futures::{StreamExt, stream};
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Conductor, commit::history_entry, now};
use crate::api::conductor::ConductorError;

/// How often in a row each node's power went wrong.
#[derive(Default)]
pub(super) struct PowerFailures(Mutex<HashMap<NodeId, u32>>);

impl PowerFailures {
    fn of(&self, node: NodeId) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&node).copied().unwrap_or(0)
    }

    fn one_more(&self, node: NodeId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(node).or_default() += 1;
    }

    fn forget(&self, node: NodeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }
}

impl Conductor {
    /// One round over all nodes whose power is kept.
    pub(super) async fn sync_power(self) -> Result<(), ConductorError> {
        let kept = nodes::kept(&self.store().read(), &self.config().conductor_group).await?;
        let (failing, sound): (Vec<_>, Vec<_>) = kept.into_iter().partition(|id| self.0.power_failures.of(*id) > 0);
        // Those that hang have workers of their own.
        let round =
            async { tokio::try_join!(self.each(failing, Self::keep_power), self.each(sound, Self::keep_power)) };
        self.0.stop.run_until_cancelled(round).await.transpose()?;
        Ok(())
    }

    /// One round over the nodes that were given up.
    pub(super) async fn recover_power(self) -> Result<(), ConductorError> {
        let given_up = nodes::given_up(&self.store().read(), &self.config().conductor_group).await?;
        self.0.stop.run_until_cancelled(self.each(given_up, Self::take_back)).await.transpose()?;
        Ok(())
    }

    /// Does `work` for each of these nodes that is this conductor's to look at.
    async fn each(
        &self,
        ids: Vec<NodeId>,
        work: impl AsyncFn(&Self, NodeRow) -> Result<(), ConductorError>,
    ) -> Result<(), StoreError> {
        let (place, conductors) = self.place_in_group().await?;
        let look = async |id| {
            let row = nodes::get(&self.store().read(), id).await?;
            if power_sync::whose(&row.node, conductors) == place { work(self, row).await } else { Ok(()) }
        };
        let workers = self.config().power_sync_workers;
        stream::iter(ids)
            .for_each_concurrent(workers, async |id| match look(id).await {
                Ok(()) => {}
                // A client, a run or another conductor was first; the next round sees what it has made of the node.
                Err(
                    ConductorError::Conflict(_)
                    | ConductorError::Store(
                        StoreError::Locked { .. } | StoreError::StaleNode(_) | StoreError::NotFound { .. },
                    ),
                ) => {}
                Err(failure) => warn!(node.id = %id, error = %failure, "the node's power could not be looked after"),
            })
            .await;
        Ok(())
    }

    async fn keep_power(&self, row: NodeRow) -> Result<(), ConductorError> {
        let (id, failures) = (row.node.id, &self.0.power_failures);
        let (shown, failed) = (self.shown_power(&row.node).await, failures.of(id));
        let decision = power_sync::decide(&row.node, shown.clone(), failed, &self.config().power_rules);
        match decision {
            Decision::Force(_) | Decision::Bear => failures.one_more(id),
            Decision::Leave | Decision::Record(_) | Decision::GiveUp(_) => failures.forget(id),
        }
        match decision {
            Decision::Leave => Ok(()),
            Decision::Record(shown) => {
                info!(node.id = %id, power = %shown, "the BMC shows another power state; it is recorded");
                self.change(row, None, |node| node.power_state = Some(shown)).await
            }
            Decision::Force(target) => {
                warn!(node.id = %id, ?shown, %target, "the machine is not as it should be; it is brought back");
                self.force(row, target).await.map(drop)
            }
            Decision::Bear => {
                warn!(node.id = %id, ?shown, times = failed + 1, "the node's power can't be read");
                Ok(())
            }
            Decision::GiveUp(why) => {
                warn!(node.id = %id, error = why, "the node is put into maintenance for its power");
                let told = format!("Power sync: {why}");
                self.change(row, Some(told), |node| power_sync::give_up(node, failed + 1, &why)).await
            }
        }
    }

    async fn take_back(&self, row: NodeRow) -> Result<(), ConductorError> {
        let Ok(shown) = self.shown_power(&row.node).await else { return Ok(()) };
        info!(node.id = %row.node.id, power = %shown, "the node's BMC is well again; its maintenance ends");
        self.change(row, None, |node| power_sync::recover(node, shown)).await
    }

    async fn shown_power(&self, node: &Node) -> Result<PowerState, String> {
        // Power needs no ports, and ten thousand nodes a minute are ten thousand reads fewer.
        let task = Task::on(node.clone());
        let read = async {
            let power = self.parts().registry.power(node)?;
            power.validate(&task)?;
            power.get_power_state(&task).await
        };
        match timeout(self.config().figures.effect, read).await {
            Ok(read) => read.map_err(|failure| failure.to_string()),
            Err(_) => Err("its BMC does not answer in time".to_owned()),
        }
    }

    /// A power action like a client's, unless the node has changed since it was looked at.
    async fn force(&self, row: NodeRow, target: PowerTarget) -> Result<RunId, ConductorError> {
        let snapshot = self.snapshot(&row.node, RunKind::Power(target)).await?;
        self.begin_at(&row.node, snapshot, Some(row.version)).await
    }

    /// Changes a node that nobody has changed since it was looked at; `told` goes to its history.
    async fn change(
        &self,
        row: NodeRow,
        told: Option<String>,
        edit: impl FnOnce(&mut Node),
    ) -> Result<(), ConductorError> {
        let NodeRow { mut node, version, .. } = row;
        edit(&mut node);
        node.updated_at = Some(now());
        let (host, keep) = (self.config().host.clone(), self.config().history_keep);
        let write = async move |tx: &Tx<'_>| {
            nodes::update(tx, &node, Guard::Unreserved { version }).await?;
            if let Some(text) = &told {
                history::insert(tx, history_entry(&host, node.id, "ERROR", text, now()), keep).await?;
            }
            Ok::<_, StoreError>(())
        };
        Ok(self.store().write(move |tx| Box::pin(async move { write(tx).await })).await?)
    }
}
