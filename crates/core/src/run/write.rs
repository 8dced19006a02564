//! What a run changes on its node, as data: the owner applies it in the transaction that also
//! stores the run.

use super::Timestamp;
use crate::{
    node::{InvalidState, Node},
    power::{PowerState, PowerTarget},
    provision::{ProvisionEvent, ProvisionState},
};

/// One change of the node's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeWrite {
    /// A provision event, with the times that go with it.
    Advance(ProvisionEvent),
    /// The error that the operator sees; `None` clears it.
    LastError(Option<String>),
    /// The error of an earlier request goes, unless it says why the provision state is a failed one:
    /// an introspection service that was told to abort switches the power off after the end.
    ForgetError,
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
            Self::ForgetError if node.provision_state == ProvisionState::InspectFailed => {}
            Self::ForgetError => node.last_error = None,
            Self::History(_) => {}
            Self::LastError(text) => node.last_error.clone_from(text),
            Self::Power(state) => node.power_state = Some(*state),
            Self::TargetPower(target) => node.target_power_state = *target,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;

    #[test]
    fn a_power_action_leaves_the_error_of_a_failed_inspection() {
        for (state, left) in [(ProvisionState::InspectFailed, true), (ProvisionState::Manageable, false)] {
            let now = chrono::DateTime::UNIX_EPOCH;
            let mut node = Node::blank(NodeId(uuid::Uuid::nil()), state, now);
            node.last_error = Some("Inspection was aborted by request.".to_owned());
            NodeWrite::ForgetError.apply(&mut node, now).unwrap();
            assert_eq!(node.last_error.is_some(), left, "{state}");
        }
    }
}
