//! The queue of inspections over the cap: whose turn is next.
//!
//! **Invariant:** no more begin than there is room for. Within one owner, the first asked is the first to begin, but for nodes
//! whose BMC has its hands full; among owners, it is the turn of whoever has waited longest since their last.

use std::collections::BTreeMap;

use super::RunId;
use crate::node::{Node, Timestamp};

/// What bounds the inspections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most that may be in flight, over all conductors of a database.
    pub inspections: usize,
    /// The most that may be on their way to the ramdisk at one BMC address.
    pub starts_per_bmc: usize,
}

/// A run that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The run.
    pub run: RunId,
    /// The node's owner; empty: it has none.
    pub owner: String,
    /// The address of the node's BMC, if it has one.
    pub bmc: Option<String>,
}

/// What goes on now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The inspections in flight.
    pub in_flight: usize,
    /// How many of them are on their way to the ramdisk, by BMC address.
    pub starting: BTreeMap<String, usize>,
    /// When it was last an owner's turn.
    pub served: BTreeMap<String, Timestamp>,
}

impl Load {
    /// Whether one more can begin at this BMC address.
    #[must_use]
    pub fn has_room(&self, limits: &Limits, bmc: Option<&str>) -> bool {
        let starting = bmc.and_then(|bmc| self.starting.get(bmc)).copied().unwrap_or(0);
        self.in_flight < limits.inspections && starting < limits.starts_per_bmc
    }

    fn begin(&mut self, queued: &Queued) {
        self.in_flight += 1;
        if let Some(bmc) = &queued.bmc {
            *self.starting.entry(bmc.clone()).or_default() += 1;
        }
    }
}

/// The runs whose turn it is, in their order; `queue` is in the order in which they were asked for.
#[must_use]
pub fn whose_turn(queue: &[Queued], mut load: Load, limits: &Limits) -> Vec<RunId> {
    let mut turns = Vec::new();
    let mut left: Vec<&Queued> = queue.iter().collect();
    // Owners in the order of their turns; the sort keeps those that had none yet in the order of the queue, before all others.
    let mut owners: Vec<&str> = Vec::new();
    for queued in queue {
        if !owners.contains(&queued.owner.as_str()) {
            owners.push(&queued.owner);
        }
    }
    owners.sort_by_key(|owner| load.served.get(*owner).copied());
    while let Some((place, at)) = next(&owners, &left, &load, limits) {
        let queued = left.remove(at);
        load.begin(queued);
        turns.push(queued.run);
        let owner = owners.remove(place);
        owners.push(owner);
    }
    turns
}

/// The next owner's place, and that of their run.
fn next(owners: &[&str], left: &[&Queued], load: &Load, limits: &Limits) -> Option<(usize, usize)> {
    owners.iter().enumerate().find_map(|(place, owner)| {
        let can_begin = |it: &&Queued| it.owner == *owner && load.has_room(limits, it.bmc.as_deref());
        left.iter().position(can_begin).map(|at| (place, at))
    })
}

/// The address of a node's BMC as it is limited: host and port, without scheme, path and case.
#[must_use]
pub fn bmc_address(node: &Node) -> Option<String> {
    let info = |key: &str| node.driver_info.get(key).and_then(serde_json::Value::as_str);
    let given = ["redfish_address", "ipmi_address"].into_iter().find_map(info)?;
    let authority = given.split_once("://").map_or(given, |(_, rest)| rest);
    let host = authority.split(['/', '?', '#']).next().unwrap_or(authority);
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{id::NodeId, provision::ProvisionState};

    fn queued(number: u128, owner: &str, bmc: &str) -> Queued {
        Queued { run: RunId(Uuid::from_u128(number)), owner: owner.to_owned(), bmc: Some(bmc.to_owned()) }
    }

    fn numbers(turns: &[RunId]) -> Vec<u128> {
        turns.iter().map(|run| run.0.as_u128()).collect()
    }

    const NARROW: Limits = Limits { inspections: 4, starts_per_bmc: 2 };

    #[test]
    fn s8_owners_take_turns_and_each_owners_first_is_first() {
        let queue =
            [queued(1, "a", "x"), queued(2, "a", "y"), queued(3, "a", "z"), queued(4, "b", "u"), queued(5, "c", "v")];
        assert_eq!(numbers(&whose_turn(&queue, Load::default(), &NARROW)), [1, 4, 5, 2]);
        let served = BTreeMap::from([("a".to_owned(), DateTime::UNIX_EPOCH)]);
        let load = Load { in_flight: 2, served, ..Load::default() };
        assert_eq!(numbers(&whose_turn(&queue, load, &NARROW)), [4, 5], "a had its turn");
    }

    #[test]
    fn s8_a_bmc_with_its_hands_full_holds_up_nobody_else() {
        let queue = [queued(1, "a", "x"), queued(2, "a", "x"), queued(3, "a", "y")];
        let load = Load { in_flight: 1, starting: BTreeMap::from([("x".to_owned(), 1)]), ..Load::default() };
        assert_eq!(numbers(&whose_turn(&queue, load, &NARROW)), [1, 3]);
    }

    #[test]
    fn a_bmc_is_known_by_host_and_port() {
        let mut node = Node::blank(NodeId(Uuid::nil()), ProvisionState::Enroll, DateTime::UNIX_EPOCH);
        assert_eq!(bmc_address(&node), None);
        for (key, given) in
            [("redfish_address", "https://BMC-7.example:443/redfish/v1"), ("ipmi_address", "bmc-7.example:443")]
        {
            node.driver_info.clear();
            node.driver_info.insert(key.to_owned(), given.into());
            assert_eq!(bmc_address(&node).as_deref(), Some("bmc-7.example:443"), "{key}");
        }
    }

    proptest! {
        /// Whatever is asked for and ends in whatever order, the cap holds, and everybody's turn comes.
        #[test]
        fn s8_the_cap_is_never_exceeded_and_nobody_starves(
            asked in prop::collection::vec((0..4_u8, 0..3_u8), 1..60),
            cap in 1..6_usize,
            per_bmc in 1..4_usize,
        ) {
            let limits = Limits { inspections: cap, starts_per_bmc: per_bmc };
            let mut queue: Vec<Queued> = asked
                .iter()
                .enumerate()
                .map(|(number, (owner, bmc))| queued(number as u128, &format!("o{owner}"), &format!("b{bmc}")))
                .collect();
            let mut load = Load::default();
            let mut flying: Vec<Queued> = Vec::new();
            for round in 0..asked.len() * 2 {
                let turns = whose_turn(&queue, load.clone(), &limits);
                prop_assert!(!turns.is_empty() || queue.is_empty() || !flying.is_empty(), "nothing goes on");
                for turn in turns {
                    let at = queue.iter().position(|it| it.run == turn).unwrap();
                    let begun = queue.remove(at);
                    load.begin(&begun);
                    let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(round).unwrap());
                    load.served.insert(begun.owner.clone(), now);
                    flying.push(begun);
                }
                prop_assert!(load.in_flight <= cap);
                prop_assert!(load.starting.values().all(|starting| *starting <= per_bmc));
                if !flying.is_empty() {
                    let ended = flying.remove(0);
                    load.in_flight -= 1;
                    *load.starting.get_mut(ended.bmc.as_deref().unwrap()).unwrap() -= 1;
                }
            }
            prop_assert!(queue.is_empty(), "{} still wait", queue.len());
        }
    }
}
