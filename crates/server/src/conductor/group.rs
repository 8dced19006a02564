//! Conductor groups: which conductors work on a node. Any conductor takes a client's request; what is to be done to the
//! machine is left to one of the node's group, which looks for it in the database at every tick.

use assay_core::{
    id::NodeId,
    node::Node,
    run::{Event, Run, RunId},
};
use assay_store::{StoreError, conductors, nodes, runs};

use super::{Conductor, now};
use crate::api::conductor::ConductorError;

/// What [`RunRow::asked`](runs::RunRow::asked) holds of an abort.
const ABORT: &str = "abort";

impl Conductor {
    /// Whether the node is of this conductor's group.
    pub(super) fn serves(&self, node: &Node) -> bool {
        node.conductor_group == self.config().conductor_group
    }

    /// Whether the run's node is of this group; one that is gone is everybody's.
    pub(super) async fn serves_run_of(&self, node: NodeId) -> bool {
        // A file has one conductor, and most servers have one group.
        !self.store().is_shared()
            || nodes::get(&self.store().read(), node).await.map_or(true, |row| self.serves(&row.node))
    }

    /// Which one this conductor is, counted from 0 and by their names, of how many that live in its group.
    pub(super) async fn place_in_group(&self) -> Result<(usize, usize), StoreError> {
        if !self.store().is_shared() {
            return Ok((0, 1));
        }
        let config = self.config();
        let known = conductors::list(&self.store().read(), config.heartbeat_timeout).await?;
        let of_group = known.into_iter().filter(|it| it.alive).map(|it| it.registration);
        let mut names: Vec<String> =
            of_group.filter(|it| it.conductor_group == config.conductor_group).map(|it| it.hostname).collect();
        names.sort_unstable();
        // One that is not heard of, its own database says, takes no part.
        let place = names.iter().position(|name| *name == config.host).unwrap_or(names.len());
        Ok((place, names.len()))
    }

    /// That some living conductor works on this node.
    ///
    /// # Errors
    /// [`ConductorError::NoConductor`].
    pub(super) async fn check_is_served(&self, node: &Node) -> Result<(), ConductorError> {
        if self.serves(node) {
            return Ok(());
        }
        let known = conductors::list(&self.store().read(), self.config().heartbeat_timeout).await?;
        let can = |it: &conductors::Registration| {
            it.conductor_group == node.conductor_group && it.drivers.contains(&node.driver)
        };
        if known.iter().any(|conductor| conductor.alive && can(&conductor.registration)) {
            return Ok(());
        }
        Err(ConductorError::NoConductor { driver: node.driver.clone(), group: node.conductor_group.clone() })
    }

    /// Brings an abort to a run that waits, here or at a conductor of its node's group.
    pub(super) async fn deliver_abort(&self, node: &Node, run: RunId) -> Result<(), ConductorError> {
        if self.serves(node) {
            self.deliver(run, Event::Abort);
            return Ok(());
        }
        self.store().write(move |tx| Box::pin(async move { runs::ask(tx, run, Some(ABORT), now()).await })).await?;
        Ok(())
    }

    /// Lets a conductor of the node's group know that the run has something to do.
    pub(super) async fn deliver_to_group(&self, run: &Run, event: Event) -> Result<(), StoreError> {
        if self.serves_run_of(run.node).await {
            self.deliver(run.id, event);
            return Ok(());
        }
        let id = run.id;
        self.store().write(move |tx| Box::pin(async move { runs::ask(tx, id, None, now()).await })).await?;
        Ok(())
    }

    /// The event that another conductor has asked for.
    pub(super) fn asked(text: Option<&str>) -> Option<Event> {
        (text == Some(ABORT)).then_some(Event::Abort)
    }
}
