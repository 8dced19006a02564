//! What a run changes on its node, as data: the owner applies it in the transaction that also
//! stores the run.

use super::Timestamp;
use crate::{
    node::{InvalidState, Node},
    power::{PowerState, PowerTarget},
    provision::ProvisionEvent,
};

/// One change of the node's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeWrite {
    /// A provision event, with the times that go with it.
    Advance(ProvisionEvent),
    /// The error that the operator sees; `None` clears it.
    LastError(Option<String>),
    /// Something for the node's history that is no error.
    History(String),
    /// What the BMC shows.
    Power(PowerState),
    /// What is being brought about; `None` when it is over.
    TargetPower(Option<PowerTarget>),
}

impl NodeWrite {
    /// Makes the change.
    ///
    /// # Errors
    /// The state machine does not allow the event.
    pub fn apply(&self, node: &mut Node, now: Timestamp) -> Result<(), InvalidState> {
        match self {
            Self::Advance(event) => return node.advance(*event, now),
            Self::History(_) => {}
            Self::LastError(text) => node.last_error.clone_from(text),
            Self::Power(state) => node.power_state = Some(*state),
            Self::TargetPower(target) => node.target_power_state = *target,
        }
        Ok(())
    }
}
