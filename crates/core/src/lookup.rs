//! Which node a posted body belongs to, when nothing but the body tells.
//!
//! Only bodies without a run's secret are looked up. The caller fetches the candidates; the API
//! answers every failure but [`LookupError::NoClue`] alike, so that nothing is disclosed.

use std::net::IpAddr;

use crate::{id::NodeId, mac::MacAddress, node::JsonMap, provision::ProvisionState};

/// What a body, or the request that brought it, says about its node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// The node's UUID, if the request names one.
    pub node: Option<NodeId>,
    /// The MAC addresses of the inventory.
    pub macs: Vec<MacAddress>,
    /// The BMC's addresses in the inventory.
    pub bmc_addresses: Vec<IpAddr>,
}

/// A node that may be meant: the named one, one with a port of one of the addresses, or any whose inspection waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// Its state, for the log.
    pub state: ProvisionState,
    /// Whether an inspection of it waits for a body without a secret.
    pub waits: bool,
    /// The addresses of its ports.
    pub macs: Vec<MacAddress>,
    /// The BMC's addresses, as they were resolved when the inspection started.
    pub bmc_addresses: Vec<IpAddr>,
}

/// Why no node was found; for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum LookupError {
    #[error("No lookup information provided")]
    NoClue,
    #[error("no node has a port of one of the posted MAC addresses, nor a BMC of the posted address")]
    Nothing,
    #[error("node {0} is not known")]
    UnknownNode(NodeId),
    #[error("the posted MAC addresses belong to several nodes: {}", join(.0))]
    SeveralByMac(Vec<NodeId>),
    #[error("the request names node {named}, but a posted MAC address belongs to node {by_mac}")]
    NotTheNamed { named: NodeId, by_mac: NodeId },
    #[error("node {node} does not wait for an inspection's data: it is in state \"{state}\"")]
    NotWaiting { node: NodeId, state: ProvisionState },
    #[error("node {found} was found, but the posted BMC address belongs to {}", join(.by_bmc))]
    OtherBmc { found: NodeId, by_bmc: Vec<NodeId> },
    #[error("several nodes have the posted BMC address, and none of them a port of the posted MAC addresses: {}", join(.0))]
    SeveralByBmc(Vec<NodeId>),
}

fn join(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(", ")
}

/// The keys of `driver_info` that hold a BMC's address, the first that is set counts.
const BMC_KEYS: [&str; 6] =
    ["ipmi_address", "redfish_address", "ilo_address", "drac_host", "drac_address", "ibmc_address"];

/// The host name or address of a node's BMC; `None` where a BMC is reached through another one.
#[must_use]
pub fn bmc_host(driver_info: &JsonMap) -> Option<&str> {
    if driver_info.get("ipmi_bridging").is_some_and(|bridging| bridging != "no") {
        return None;
    }
    let address = BMC_KEYS.iter().filter_map(|key| driver_info.get(*key)?.as_str()).find(|text| !text.is_empty())?;
    let host = match address.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
            match place.strip_prefix('[') {
                Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
                None => place.split(':').next().unwrap_or_default(),
            }
        }
        None => address,
    };
    (!host.is_empty()).then_some(host)
}

/// Finds the node that waits for a body with these clues.
///
/// # Errors
/// [`LookupError`]: there are no clues, they contradict each other, or they lead to no waiting node.
pub fn find_node(clues: &Clues, candidates: &[Candidate]) -> Result<NodeId, LookupError> {
    if clues.node.is_none() && clues.macs.is_empty() && clues.bmc_addresses.is_empty() {
        return Err(LookupError::NoClue);
    }
    let found = match (named(clues, candidates)?, by_mac(clues, candidates)?) {
        (Some(named), Some(by_mac)) if named.node != by_mac.node => {
            return Err(LookupError::NotTheNamed { named: named.node, by_mac: by_mac.node });
        }
        (named, by_mac) => named.or(by_mac),
    };
    if let Some(&Candidate { node, state, .. }) = found.filter(|found| !found.waits) {
        return Err(LookupError::NotWaiting { node, state });
    }
    let by_bmc = by_bmc(clues, candidates);
    match (found, &by_bmc[..]) {
        (Some(found), []) => Ok(found.node),
        (Some(found), _) if by_bmc.contains(&found.node) => Ok(found.node),
        (Some(found), _) => Err(LookupError::OtherBmc { found: found.node, by_bmc }),
        (None, []) => Err(LookupError::Nothing),
        (None, [node]) => Ok(*node),
        (None, _) => Err(LookupError::SeveralByBmc(by_bmc)),
    }
}

fn named<'a>(clues: &Clues, candidates: &'a [Candidate]) -> Result<Option<&'a Candidate>, LookupError> {
    let Some(node) = clues.node else { return Ok(None) };
    let found = candidates.iter().find(|candidate| candidate.node == node);
    found.map(Some).ok_or(LookupError::UnknownNode(node))
}

fn by_mac<'a>(clues: &Clues, candidates: &'a [Candidate]) -> Result<Option<&'a Candidate>, LookupError> {
    let has_mac = |candidate: &&Candidate| candidate.macs.iter().any(|mac| clues.macs.contains(mac));
    let found: Vec<_> = candidates.iter().filter(has_mac).collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(LookupError::SeveralByMac(found.iter().map(|candidate| candidate.node).collect())),
    }
}

fn by_bmc(clues: &Clues, candidates: &[Candidate]) -> Vec<NodeId> {
    let has_bmc = |candidate: &&Candidate| candidate.bmc_addresses.iter().any(|bmc| clues.bmc_addresses.contains(bmc));
    candidates.iter().filter(|candidate| candidate.waits).filter(has_bmc).map(|candidate| candidate.node).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    fn mac(last: u8) -> MacAddress {
        MacAddress([2, 0, 0, 0, 0, last])
    }

    fn bmc(last: u8) -> IpAddr {
        IpAddr::from([198, 18, 0, last])
    }

    fn candidate(number: u8, state: ProvisionState, bmc_last: u8) -> Candidate {
        let waits = state == ProvisionState::InspectWait;
        Candidate { node: id(number.into()), state, waits, macs: vec![mac(number)], bmc_addresses: vec![bmc(bmc_last)] }
    }

    #[test]
    fn a_bmc_is_known_by_the_first_address_in_driver_info() {
        for (info, host) in [
            (json!({"ipmi_address": "10.0.0.1", "redfish_address": "https://other"}), Some("10.0.0.1")),
            (json!({"redfish_address": "https://user@bmc.example:8443/redfish/v1?x"}), Some("bmc.example")),
            (json!({"redfish_address": "http://[2001:db8::1]:8000"}), Some("2001:db8::1")),
            (json!({"redfish_address": "bmc.example"}), Some("bmc.example")),
            (json!({"ipmi_address": "", "drac_host": "d"}), Some("d")),
            (json!({"ipmi_address": "10.0.0.1", "ipmi_bridging": "no"}), Some("10.0.0.1")),
            (json!({"ipmi_address": "10.0.0.1", "ipmi_bridging": "single"}), None),
            (json!({"redfish_address": "https://"}), None),
            (json!({}), None),
        ] {
            assert_eq!(bmc_host(info.as_object().unwrap()), host, "{info}");
        }
    }

    #[test]
    fn a_body_finds_its_node_or_says_why_not() {
        use ProvisionState::{InspectWait, Manageable};
        // Nodes 1 to 4 are reached by MAC addresses 1 to 4; 2 and 3 share a BMC address.
        let candidates = [
            candidate(1, InspectWait, 1),
            candidate(2, InspectWait, 23),
            candidate(3, InspectWait, 23),
            candidate(4, Manageable, 4),
        ];
        let not_waiting = LookupError::NotWaiting { node: id(4), state: Manageable };
        for (named, macs, bmcs, expected) in [
            (None, vec![], vec![], Err(LookupError::NoClue)),
            (None, vec![1], vec![], Ok(id(1))),
            (None, vec![9, 1], vec![1], Ok(id(1))),
            (None, vec![1], vec![99], Ok(id(1))),
            (None, vec![9], vec![1], Ok(id(1))),
            (None, vec![3], vec![23], Ok(id(3))),
            (Some(1), vec![], vec![], Ok(id(1))),
            (Some(1), vec![9], vec![1], Ok(id(1))),
            (Some(1), vec![2], vec![], Err(LookupError::NotTheNamed { named: id(1), by_mac: id(2) })),
            (Some(8), vec![1], vec![], Err(LookupError::UnknownNode(id(8)))),
            (Some(4), vec![], vec![], Err(not_waiting.clone())),
            (None, vec![4], vec![1], Err(not_waiting)),
            (None, vec![1, 2], vec![], Err(LookupError::SeveralByMac(vec![id(1), id(2)]))),
            (None, vec![1], vec![23], Err(LookupError::OtherBmc { found: id(1), by_bmc: vec![id(2), id(3)] })),
            (None, vec![9], vec![23], Err(LookupError::SeveralByBmc(vec![id(2), id(3)]))),
            (None, vec![9], vec![4], Err(LookupError::Nothing)),
            (None, vec![9], vec![], Err(LookupError::Nothing)),
        ] {
            let clues = Clues {
                node: named.map(id),
                macs: macs.into_iter().map(mac).collect(),
                bmc_addresses: bmcs.into_iter().map(bmc).collect(),
            };
            assert_eq!(find_node(&clues, &candidates), expected, "{clues:?}");
        }
    }
}
