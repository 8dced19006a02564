//! Power sync: what follows when a BMC shows something else than the database holds, or nothing at all.

use crate::{
    node::Node,
    power::{PowerState, PowerTarget},
    provision::ProvisionState,
};

/// The `fault` of a node whose power can't be kept.
pub const FAULT: &str = "power failure";

/// What the operator has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `[conductor] force_power_state_during_sync`: the machine follows the database, not the other way round.
    pub force: bool,
    /// `[conductor] power_state_sync_max_retries`: how many rounds in a row may go wrong.
    pub most_failures: u32,
}

/// What is done with a node whose BMC was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: all is well, or it is nothing of ours.
    Leave,
    /// The database takes over what the BMC shows.
    Record(PowerState),
    /// The machine is brought back to what the database holds.
    Force(PowerTarget),
    /// Nothing yet, although the BMC shows nothing.
    Bear,
    /// The node is [given up](give_up), for this reason.
    GiveUp(String),
}

/// What follows from what the BMC has `shown`, or why it has shown nothing, after `failures` rounds in a row that went wrong. A node
/// that is being inspected is neither forced nor given up: its power is the inspection's business, and a ramdisk that has switched
/// its machine off has its reasons.
#[must_use]
pub fn decide(node: &Node, shown: Result<PowerState, String>, failures: u32, rules: &Rules) -> Decision {
    let patient = failures < rules.most_failures;
    match (shown, node.power_state) {
        (Ok(shown), Some(known)) if known == shown => Decision::Leave,
        (Ok(shown), Some(known)) if rules.force && !node.disable_power_off && !is_inspected(node) => match known {
            known if !patient => Decision::GiveUp(format!("it shows {shown}, and does not stay at {known}")),
            PowerState::On => Decision::Force(PowerTarget::On),
            PowerState::Off => Decision::Force(PowerTarget::Off),
        },
        (Ok(shown), _) => Decision::Record(shown),
        (Err(_), _) if is_inspected(node) => Decision::Leave,
        (Err(_), _) if patient => Decision::Bear,
        (Err(why), _) => Decision::GiveUp(why),
    }
}

const fn is_inspected(node: &Node) -> bool {
    matches!(node.provision_state, ProvisionState::Inspecting | ProvisionState::InspectWait)
}

/// Gives a node up whose power went wrong `times` in a row, for the reason `why`: it is in maintenance until its BMC is well.
pub fn give_up(node: &mut Node, times: u32, why: &str) {
    let text = format!(
        "The power of node {} could not be kept {times} times in a row, and it is in maintenance until its BMC is well again: {why}",
        node.id
    );
    node.power_state = None;
    node.maintenance = true;
    node.fault = Some(FAULT.to_owned());
    node.maintenance_reason = Some(text.clone());
    node.last_error = Some(text);
}

/// Takes a node back whose BMC shows its power again.
pub fn recover(node: &mut Node, shown: PowerState) {
    node.power_state = Some(shown);
    node.maintenance = false;
    node.fault = None;
    node.maintenance_reason = None;
}

/// Which of `conductors`, counted from 0, looks at the power of this node: each node has one of them.
#[must_use]
pub fn whose(node: &Node, conductors: usize) -> usize {
    let conductors = u128::try_from(conductors.max(1)).unwrap_or(1);
    usize::try_from(node.id.0.as_u128() % conductors).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use PowerState::{Off, On};

    fn node(state: ProvisionState, power: Option<PowerState>) -> Node {
        let mut node = Node::blank(NodeId(uuid::Uuid::from_u128(7)), state, chrono::DateTime::UNIX_EPOCH);
        node.power_state = power;
        node
    }

    #[test]
    fn the_machine_follows_the_database_unless_it_may_not_or_is_inspected() {
        use ProvisionState::{Active, InspectWait, Inspecting, Manageable};
        let (forced, asked) = (Rules { force: true, most_failures: 3 }, Rules { force: false, most_failures: 3 });
        for (state, known, shown, rules, expected) in [
            (Manageable, Some(Off), Off, forced, Decision::Leave),
            (Manageable, Some(Off), On, forced, Decision::Force(PowerTarget::Off)),
            (Active, Some(On), Off, forced, Decision::Force(PowerTarget::On)),
            (Active, Some(On), Off, asked, Decision::Record(Off)),
            (Manageable, None, On, forced, Decision::Record(On)),
            (InspectWait, Some(On), Off, forced, Decision::Record(Off)),
            (Inspecting, Some(Off), On, forced, Decision::Record(On)),
        ] {
            assert_eq!(decide(&node(state, known), Ok(shown), 0, &rules), expected, "{state} {known:?} {shown}");
        }
        let kept = Node { disable_power_off: true, ..node(Manageable, Some(On)) };
        assert_eq!(decide(&kept, Ok(Off), 0, &forced), Decision::Record(Off));
    }

    #[test]
    fn a_node_is_given_up_when_too_many_rounds_in_a_row_went_wrong_but_not_while_it_is_inspected() {
        let rules = Rules { force: true, most_failures: 3 };
        let silent = |state, failures| decide(&node(state, Some(On)), Err("no answer".to_owned()), failures, &rules);
        let forced = |failures| decide(&node(ProvisionState::Active, Some(On)), Ok(Off), failures, &rules);
        for failures in 0..3 {
            assert_eq!(silent(ProvisionState::Manageable, failures), Decision::Bear);
            assert_eq!(forced(failures), Decision::Force(PowerTarget::On));
        }
        assert_eq!(silent(ProvisionState::Manageable, 3), Decision::GiveUp("no answer".to_owned()));
        assert_eq!(forced(3), Decision::GiveUp("it shows power off, and does not stay at power on".to_owned()));
        assert_eq!(silent(ProvisionState::InspectWait, 9), Decision::Leave);
    }

    #[test]
    fn a_node_that_was_given_up_comes_back_as_its_bmc_shows_it() {
        let mut node = node(ProvisionState::Manageable, Some(On));
        give_up(&mut node, 4, "no answer");
        assert_eq!((node.power_state, node.maintenance, node.fault.as_deref()), (None, true, Some(FAULT)));
        assert!(node.last_error.as_ref().is_some_and(|text| text.ends_with("well again: no answer")));
        recover(&mut node, Off);
        assert_eq!(
            (node.power_state, node.maintenance, node.fault, node.maintenance_reason),
            (Some(Off), false, None, None)
        );
    }

    #[test]
    fn each_node_has_one_conductor() {
        let node = node(ProvisionState::Manageable, None);
        assert_eq!([whose(&node, 0), whose(&node, 1), whose(&node, 2), whose(&node, 4)], [0, 0, 1, 3]);
    }
}
